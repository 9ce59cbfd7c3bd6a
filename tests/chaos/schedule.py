"""Which fault comes when: drawn from the seed alone, so that the same seed gives the same plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.chaos.faults import Kind
from tests.chaos.options import Options

LANES = 2
"""So many faults are at work at the same time."""
FIRST_SECONDS = 2.0
GAP_SECONDS = (0.5, 2.0)
EVERYTHING = "everything"
MINUTES_FROM_SECONDS = 180.0
LONG_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault, from `at` to `until`, in seconds from the start, but for those that the harness itself was held up."""

    at: float
    until: float
    kind: Kind


def suited(kinds: Sequence[Kind], options: Options) -> list[Kind]:
    """The faults that a run can have: in its mode, of its names, and no long ones in a short run."""
    return [
        kind
        for kind in kinds
        if options.mode in kind.modes
        and options.broker in kind.brokers
        and (options.batch_size > 1 or not kind.of_batches)
        and (not options.only or any(word in kind.name for word in options.only))
        and (kind.seconds[0] < LONG_SECONDS or options.seconds >= MINUTES_FROM_SECONDS or options.only)
    ]


def plan(kinds: Sequence[Kind], options: Options) -> list[Planned]:
    """All faults once in a drawn order, then in another, for as long as was asked; two at a time on different parts."""
    rng = Random(f"{options.seed}/plan")
    drawn = _drawn(suited(kinds, options), rng)
    busy: dict[str, float] = {}
    lanes = [FIRST_SECONDS] * (1 if options.only else LANES)
    planned: list[Planned] = []
    for kind in drawn:
        lane = min(range(len(lanes)), key=lanes.__getitem__)
        at = max([lanes[lane], *_until_free(kind, busy)])
        seconds = rng.uniform(*kind.seconds)
        if at + seconds > options.seconds:
            break
        planned.append(Planned(at, at + seconds, kind))
        lanes[lane] = at + seconds + rng.uniform(*GAP_SECONDS)
        busy[kind.part] = at + seconds
        if kind.part == EVERYTHING:
            lanes = [max(other, at + seconds) for other in lanes]
    return sorted(planned, key=lambda one: one.at)


def _until_free(kind: Kind, busy: dict[str, float]) -> list[float]:
    """When the faults on the same part are over."""
    if kind.part == EVERYTHING:
        return list(busy.values())
    return [until for part, until in busy.items() if part in (kind.part, EVERYTHING)]


def _drawn(kinds: Sequence[Kind], rng: Random) -> Iterator[Kind]:
    """Each once, then again; but of those that stop everything, which takes long, one at a time."""
    rest = [kind for kind in kinds if kind.part != EVERYTHING]
    stopping = [kind for kind in kinds if kind.part == EVERYTHING]
    rng.shuffle(stopping)
    while kinds:
        bag = [*rest, *stopping[:1]]
        stopping = [*stopping[1:], *stopping[:1]]
        yield from rng.sample(bag, len(bag))
