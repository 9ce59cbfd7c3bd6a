"""What a benchmark found: two sides that took turns, their ratio, and whether it reaches its target."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Side:
    """One side's measured values in `unit` ("events/s"), one a round; what warmed it up is not among them."""

    name: str
    unit: str
    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Raises statistics.StatisticsError when there was no round."""
        return statistics.median(self.rounds)


@dataclass(frozen=True)
class Ratio:
    """Our median ÷ the other's: to be at least `target`, or with `at_most` no more than it."""

    ours: Side
    other: Side
    target: float
    at_most: bool = False

    @property
    def value(self) -> float:
        """Raises ZeroDivisionError when the other side stood still."""
        return self.ours.median / self.other.median

    @property
    def met(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target


@dataclass(frozen=True)
class Figure:
    """The result of the benchmark `key`: its ratios by name, or none of them and notes that say why.

    The one name is "ratio" where there is one; otherwise for example "batch" and "single".
    """

    key: str
    what: str
    ratios: Mapping[str, Ratio]
    notes: Sequence[str] = field(default=())


def shown(value: float) -> str:
    """A measured value for people: whole from 100 on, otherwise three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
