"""Sides that take turns, so that whatever the machine does meanwhile happens to all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from tests.benchmarks.figures import shown

Measure = Callable[[], float]


def alternate(
    ours: Measure, other: Measure, *, rounds: int, warm_up: bool = True, console: Console | None = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Measures A B A B …, each side `rounds` times (at least once) after one round that does not count."""
    left, right = take_turns([ours, other], rounds=rounds, warm_up=warm_up, console=console)
    return left, right


def take_turns(
    sides: Sequence[Measure], *, rounds: int, warm_up: bool = True, console: Console | None = None
) -> list[tuple[float, ...]]:
    """As `alternate`, for any number of sides: each side's values, in the order of the sides."""
    show = console or Console()
    if warm_up:
        show.print(f"  warm-up: {_told(_turn(sides))}", highlight=False)
    turns = []
    for number in range(1, rounds + 1):
        turns.append(_turn(sides))
        show.print(f"  round {number} of {rounds}: {_told(turns[-1])}", highlight=False)
    return list(zip(*turns, strict=True))


def _turn(sides: Sequence[Measure]) -> list[float]:
    return [side() for side in sides]


def _told(values: list[float]) -> str:
    return " against ".join(map(shown, values))
