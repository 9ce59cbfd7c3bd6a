"""How the benchmarks of one run are to measure."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True)
class Options:
    """`rounds` count after one that warms up; `scale` multiplies sizes (1.0: full); `workers` are one process each."""

    rounds: int
    scale: float
    workers: int
    console: Console

    def sized(self, full: int, *, least: int = 1000) -> int:
        """A number of events, payments or rows that is `full` at scale 1, and never less than `least`."""
        return max(least, round(full * self.scale))

    def say(self, words: str) -> None:
        """Tells how far a benchmark has come; nothing in `words` is markup, or stands for a picture."""
        self.console.print(words, markup=False, emoji=False, highlight=False)
