"""How it is said that something does not hold."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 5


class Violated(AssertionError):
    """An invariant does not hold; the message names it and the first few that break it."""


def none_of(invariant: str, found: Sequence[object]) -> None:
    """Raises Violated where something breaks the invariant."""
    if found:
        raise Violated(f"{invariant}: {len(found)} do not, among them {', '.join(map(str, found[:SHOWN]))}")
