"""The course of a day: how far it was at each moment, and what it used."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.benchmarks.gauges import Gauges, Use
from tests.town import Town

EVERY_SECONDS = 5.0
LINES_EVERY = 3
"""Where nobody can be shown a bar, every third look is told in a line."""
PAID = "SELECT coalesce(sum(count), 0)::bigint AS paid FROM booking WHERE run_date = :day AND heading = 'paid'"


@dataclass(frozen=True)
class Sample:
    """One look. `rate` is events paid a second since the look before; `disk_bytes` all that the day has written."""

    seconds: float
    phase: str
    paid: int
    rate: float
    disk_bytes: int
    memory_bytes: Mapping[str, int]


@dataclass
class Course:
    """Looks every few seconds, from a thread of its own, until it is left; shows on the console what it sees."""

    town: Town
    day: str
    events: int
    console: Console
    samples: list[Sample] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    uses: dict[str, tuple[Use, Use]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gauges = Gauges(self.town)
        self._phase = "start"
        self._rows = 0
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(20),
            TextColumn("{task.fields[seen]}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self._task = self._bar.add_task("start", total=self.events, seen="")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times what is done within, and what it uses."""
        self._phase = name
        self.console.print(f"{self._seconds():7.0f} s  {name}", highlight=False)
        before, began = self.gauges.look(), time.monotonic()
        yield
        self.phases[name] = time.monotonic() - began
        self.uses[name] = before, self.gauges.look()

    def filled(self, rows: int) -> None:
        """Says that so many more rows are written, an event's and its schedule's."""
        self._rows += rows

    def peak(self, kind: str) -> int:
        """The most memory in bytes that was seen of a kind of process."""
        return max((sample.memory_bytes[kind] for sample in self.samples), default=0)

    def __enter__(self) -> Self:
        self._bar.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._bar.stop()

    def _watch(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            sample = self._look()
            self.samples.append(sample)
            seen = _words(sample, self._rows // 2)
            self._bar.update(self._task, description=sample.phase, completed=sample.paid or self._rows // 2, seen=seen)
            if not self.console.is_terminal and len(self.samples) % LINES_EVERY == 0:
                self.console.print(f"{sample.seconds:7.0f} s  {seen}", highlight=False, soft_wrap=True)

    def _look(self) -> Sample:
        (row,) = self.town.rows(PAID, day=self.day)
        seconds, before = self._seconds(), self.samples[-1] if self.samples else None
        rate = (row.paid - before.paid) / (seconds - before.seconds) if before else 0.0
        memory = self.gauges.look().memory_bytes
        return Sample(seconds, self._phase, row.paid, rate, disk_bytes(self.town.folder), memory)

    def _seconds(self) -> float:
        return time.monotonic() - self._began


def disk_bytes(folder: Path) -> int:
    """What the files in a folder take; those that go meanwhile count as nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total


def _words(sample: Sample, filled: int) -> str:
    done = f"{sample.paid:,} paid, {sample.rate:,.0f}/s" if sample.paid else f"{filled:,} written"
    memory = ", ".join(f"{kind} {used / 2**30:.2f}" for kind, used in sample.memory_bytes.items())
    return f"{done}; disk {sample.disk_bytes / 1e9:.1f} GB; memory (GiB) {memory}"
