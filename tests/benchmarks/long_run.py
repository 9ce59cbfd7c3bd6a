"""A run of a million events: its speed and memory from beginning to end, and what planning and publishing took."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from tests.benchmarks.figures import shown
from tests.benchmarks.filling import Day, fill_day, vacuum
from tests.benchmarks.gauges import Gauges
from tests.benchmarks.options import Options
from tests.benchmarks.payday import DAY, new_place, pay, town_at
from tests.town import Town

EVENTS = 1_000_000
PROVIDER_BATCH = 250
FIRST_EVENTS = 10_000
LOOK_SECONDS = 0.25
PAID = "SELECT coalesce(sum(count), 0)::bigint AS paid FROM booking WHERE heading = 'paid'"
COURSE = """
SELECT extract(epoch FROM created_at - (SELECT min(created_at) FROM booking WHERE heading = 'in_flight'))::float AS at,
  sum(count) OVER (ORDER BY created_at, id)::bigint AS paid
FROM booking WHERE heading = 'paid' ORDER BY created_at, id
"""
TICK = re.compile(r"planning_seconds=([0-9.e-]+)\s.*publishing_seconds=([0-9.e-]+)")


@dataclass
class LongRun:
    """`ticks_seconds`: what the dispatcher's ticks spent on planning and on publishing, on the wall."""

    events: int
    seconds: float
    first_tenth: float = 0.0
    last_tenth: float = 0.0
    memory: list[tuple[int, int]] = field(default_factory=list)
    ticks_seconds: tuple[float, float] = (0.0, 0.0)

    @property
    def first_memory(self) -> int:
        """The workers' bytes once the first events are paid."""
        return next(used for paid, used in self.memory if paid >= min(FIRST_EVENTS, self.events // 10))

    @property
    def most_memory(self) -> int:
        return max(used for _, used in self.memory)


@lru_cache(maxsize=1)
def long_runs(options: Options) -> tuple[LongRun, ...]:
    """One run a round, each on new servers; those of two benchmarks in one go are the same."""
    return tuple(_run(options) for _ in range(options.rounds))


def _run(options: Options) -> LongRun:
    events = options.sized(EVENTS)
    with new_place() as place:
        fill_day(place.database_url, Day(date.fromisoformat(DAY), events))
        vacuum(place.database_url)
        with town_at(place, provider_batch=PROVIDER_BATCH) as town:
            with _memory(town) as seen:
                rate = pay(town, events, workers=options.workers)
            run = LongRun(events, rate.seconds, memory=seen, ticks_seconds=_ticks(town))
            run.first_tenth, run.last_tenth = _tenths(town, events)
    planning, publishing = run.ticks_seconds
    options.say(
        f"{shown(rate.per_second)} events/s; first tenth {shown(run.first_tenth)}, last {shown(run.last_tenth)};"
        f" planning {planning:.2f} s, publishing {publishing:.2f} s"
    )
    return run


@contextmanager
def _memory(town: Town) -> Iterator[list[tuple[int, int]]]:
    """How many events were paid, and what the workers took then, a few times a second."""
    seen: list[tuple[int, int]] = []
    over, gauges = threading.Event(), Gauges(town)

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            (row,) = town.rows(PAID)
            seen.append((row.paid, gauges.look().memory_bytes["worker"]))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


def _tenths(town: Town, events: int) -> tuple[float, float]:
    """Events a second in the first and in the last tenth."""
    course = [(0.0, 0), *((row.at, row.paid) for row in town.rows(COURSE))]
    tenth = next(item for item in course if item[1] >= events // 10)
    rest = next(item for item in course if item[1] >= events - events // 10)
    end = course[-1]
    return tenth[1] / tenth[0], (end[1] - rest[1]) / (end[0] - rest[0])


def _ticks(town: Town) -> tuple[float, float]:
    logs = [process.log_path.read_text() for process in town.processes]
    found = [match.groups() for log in logs for match in TICK.finditer(log)]
    return sum(float(planning) for planning, _ in found), sum(float(publishing) for _, publishing in found)
