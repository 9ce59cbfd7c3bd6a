"""What the demo shows while it works."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Bar:
    """One progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self) -> None:
        self._progress.advance(self._task)

    def show(self, done: int, total: int, note: str = "") -> None:
        """So many of so many; `note` stands behind."""
        self._progress.update(self._task, completed=done, total=total or None, note=note)


class Screen:
    """Progress, on a terminal alive, elsewhere a line for each step."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Shows that something is going on, and how long it took."""
        begun_at = time.monotonic()
        with self.console.status(text, spinner="line"):
            yield
        self.done(text, time.monotonic() - begun_at)

    @contextlib.contextmanager
    def bar(self, text: str, total: int | None = None) -> Iterator[Bar]:
        """A live bar; afterwards a line like any other step's."""
        begun_at = time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        note = TextColumn("{task.fields[note]}")
        quiet = not self.console.is_terminal
        with Progress(*columns, note, console=self.console, transient=True, disable=quiet) as progress:
            yield Bar(progress, progress.add_task(text, total=total, note=""))
        self.done(text, time.monotonic() - begun_at)

    def done(self, text: str, seconds: float) -> None:
        self.console.print(f"[green]ok[/]  {text} [dim]({seconds:.1f} s)[/]", highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def fail(self, text: str) -> None:
        """In red, and without reading anything into brackets of the text."""
        self.console.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
