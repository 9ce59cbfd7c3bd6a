"""Two sides that take turns, so that whatever the machine does meanwhile happens to both."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console

from tests.benchmarks.figures import shown


def alternate(
    ours: Callable[[], float],
    other: Callable[[], float],
    *,
    rounds: int,
    warm_up: bool = True,
    console: Console | None = None,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Measures A B A B …, each side `rounds` times (at least once) after one round that does not count."""
    show = console or Console()
    if warm_up:
        show.print(f"  warm-up: {_turn(ours, other)[2]}", highlight=False)
    left, right = [], []
    for number in range(1, rounds + 1):
        our_value, other_value, words = _turn(ours, other)
        show.print(f"  round {number} of {rounds}: {words}", highlight=False)
        left.append(our_value)
        right.append(other_value)
    return tuple(left), tuple(right)


def _turn(ours: Callable[[], float], other: Callable[[], float]) -> tuple[float, float, str]:
    left, right = ours(), other()
    return left, right, f"{shown(left)} against {shown(right)}"
