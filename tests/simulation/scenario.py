"""What a seed is about: how the provider behaves, how many events there are, and how often what happens."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import NamedTuple

from tests.simulation.bank import Fate
from tests.simulation.configuration import Terms
from tests.simulation.model.rows import EventRow, made_event
from tests.simulation.moments import day


class Rates(NamedTuple):
    """How likely each kind of step is, summed up."""

    go_on: float
    start: float
    time: float
    crash: float
    wish: float
    messages: float
    day: float
    switch: float = 1.0


def rates(*weights: float) -> Rates:
    """Rates from how often each kind of step comes, beside the others."""
    total = sum(weights)
    return Rates(*(part / total for part in accumulate(weights)))


RATES = (
    rates(50, 28, 10, 3, 5, 2, 1, 0.5),
    rates(50, 25, 8, 10, 4, 2, 1, 0),
    rates(45, 25, 18, 4, 4, 2, 2, 0),
    rates(45, 25, 8, 3, 16, 1, 1.5, 0),
    rates(40, 28, 12, 6, 6, 3, 3, 3),
)

FATES = tuple(Fate)
WEIGHTS = (
    (60, 5, 5, 5, 1, 5, 5, 5, 5, 1),
    (20, 20, 10, 15, 2, 10, 5, 5, 5, 2),
    (20, 3, 3, 10, 3, 10, 20, 20, 20, 5),
    (35, 0, 0, 0, 0, 0, 20, 25, 20, 0),
)
TERMS = (
    *4 * (Terms(), Terms(key_window_seconds=150), Terms(mode="enquiry"), Terms(mode="enquiry", part_of=2)),
    *2 * (Terms(mode="none"), Terms(mode="enquiry", resend_after_not_found=True), Terms(key_window_seconds=300)),
    Terms(mode="none", part_of=2),
    Terms(batch_size=1),
    Terms(mode="enquiry", record_seconds=400),
    Terms(key_window_seconds=150, record_seconds=400),
)


@dataclass(frozen=True, slots=True)
class Due:
    """An event to be paid: how many days after the first, and its schedule's `payLate` and retries."""

    on: int
    pay_late: int
    retry_days: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Scenario:
    """`length`: so many steps until the faults stop."""

    terms: Terms
    dues: tuple[Due, ...]
    rates: Rates
    weights: tuple[int, ...]
    length: int

    def events(self) -> list[EventRow]:
        """The events as their schedules' opening writes them."""
        return [
            made_event(number, day(due.on), 2500 + 100 * number, due.pay_late, due.retry_days)
            for number, due in enumerate(self.dues)
        ]

    def fate(self, random: Random) -> Fate:
        """What happens to the next send."""
        return random.choices(FATES, self.weights)[0]


def scenario(random: Random) -> Scenario:
    """A seed's own."""
    dues = tuple(
        Due(
            int(random.random() < 0.15),
            random.choice((0, 1, 2)),
            random.choice((None, None, (0, 1), (1,))),
        )
        for _ in range(random.choice((1, 1, 2, 2, 3)))
    )
    return Scenario(random.choice(TERMS), dues, random.choice(RATES), random.choice(WEIGHTS), random.randrange(20, 45))
