"""What a fault is: a name, what it harms, and a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tests.chaos.options import BROKERS, MODES
from tests.chaos.site import Site

Harm = Callable[[Site, Random], Iterator[None]]
"""Does the harm, is asked again several times a second, and undoes it in a `finally` when it is closed.

It runs in the main thread, because what a thread starts ends with it.
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """One fault. Of those that harm the same part only one is at work at a time.

    `seconds`: for how long, at least and at most. `modes`: where the provider's promises allow it at all.
    `of_batches`: only where several payments go in one call. `brokers`: with which of them.
    """

    name: str
    part: str
    harm: Harm
    seconds: tuple[float, float] = (2.0, 5.0)
    modes: tuple[str, ...] = MODES
    of_batches: bool = False
    brokers: tuple[str, ...] = BROKERS
