"""A run whose payers and payees are told while it goes on, against the same run in which nobody is told."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psutil  # type: ignore[import-untyped]

from tests.benchmarks.figures import Figure, Ratio, Side, shown
from tests.benchmarks.filling import Day, fill_day, vacuum
from tests.benchmarks.gauges import Gauges
from tests.benchmarks.options import Options
from tests.benchmarks.payday import DAY, ENDED, Place, new_place, pay, town_at, until
from tests.benchmarks.rounds import alternate
from tests.receiver import ReceiverProcess
from tests.town import Town

TARGET = 0.9
EVENTS = 600_000
PROVIDER_BATCH = 250
SENDER = "worker_service.telling"
NICEST = 19
NOTHING_LEFT = "SELECT CASE WHEN NOT EXISTS (SELECT FROM outbox) THEN now() END AS at"


@dataclass(frozen=True)
class Run:
    """A run to the last settlement, or where somebody is told, to the last notice; CPU seconds of that time.

    `telling_seconds`: from the first notice to the last. `late_seconds`: how long after the last settlement that came.
    """

    per_second: float
    postgres_cpu: float
    notices: int = 0
    telling_seconds: float = 0.0
    late_seconds: float = 0.0
    sender_cpu: float = 0.0
    receiver_cpu: float = 0.0


def measure(options: Options) -> Figure:
    """Each round on new servers, the receiver on the same machine."""
    events = options.sized(EVENTS)
    told: list[Run] = []
    untold: list[Run] = []

    def with_notices() -> float:
        told.append(_told(events, options.workers))
        return told[-1].per_second

    def without() -> float:
        untold.append(_untold(events, options.workers))
        return untold[-1].per_second

    ours, other = alternate(with_notices, without, rounds=options.rounds, console=options.console)
    ratio = Ratio(Side("told meanwhile", "events/s", ours), Side("nobody told", "events/s", other), TARGET)
    what = f"{events:,} events paid in batches of {PROVIDER_BATCH}, payers and payees told of each"
    notes = _notes(told[-options.rounds :], untold[-options.rounds :])
    return Figure("notices", what, {"ratio": ratio}, notes)


def _told(events: int, workers: int) -> Run:
    """Waits for the last notice, too."""
    with _place(events) as place, ReceiverProcess(journal=place.folder / "notices") as receiver:
        psutil.Process(receiver.pid).nice(NICEST)  # it stands for somebody's own machine
        with town_at(
            place, provider_batch=PROVIDER_BATCH, NOTIFY_URL=receiver.url, NOTIFY_SECRET=receiver.secret
        ) as town:
            gauges = Gauges(town)
            before = gauges.look()
            rate = pay(town, events, workers=workers)
            until(town, NOTHING_LEFT)
            postgres_cpu = gauges.look().cpu_since(before)["postgresql"]
            sender_cpu, receiver_cpu = sum(map(_cpu, _senders(town))), _cpu(psutil.Process(receiver.pid))
            (ended,) = town.rows(ENDED, day=town.business_date)
        summary = receiver.summary()
    assert summary["byType"] == {"paid": {"payer": events, "payee": events}}, summary
    assert (summary["badSignatures"], summary["contradicted"]["count"]) == (0, 0), summary
    return Run(
        per_second=rate.per_second,
        postgres_cpu=postgres_cpu,
        notices=summary["distinct"],
        telling_seconds=summary["lastAt"] - summary["firstAt"],
        late_seconds=summary["lastAt"] - ended.at.timestamp(),
        sender_cpu=sender_cpu,
        receiver_cpu=receiver_cpu,
    )


def _untold(events: int, workers: int) -> Run:
    with _place(events) as place, town_at(place, provider_batch=PROVIDER_BATCH) as town:
        gauges = Gauges(town)
        before = gauges.look()
        rate = pay(town, events, workers=workers)
        return Run(rate.per_second, gauges.look().cpu_since(before)["postgresql"])


@contextmanager
def _place(events: int) -> Iterator[Place]:
    """New servers with so many events due."""
    with new_place() as place:
        fill_day(place.database_url, Day(date.fromisoformat(DAY), events))
        vacuum(place.database_url)
        yield place


def _senders(town: Town) -> list[psutil.Process]:
    """One beside the pool of each worker."""
    children = [child for process in town.processes for child in psutil.Process(process.pid).children(recursive=True)]
    found = [child for child in children if SENDER in child.cmdline()]
    assert found, town.describe()
    return found


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _notes(told: Sequence[Run], untold: Sequence[Run]) -> list[str]:
    def median(values: Iterable[float]) -> str:
        return shown(statistics.median(values))

    more = (one.postgres_cpu - other.postgres_cpu for one, other in zip(told, untold, strict=True))
    return [
        f"{median(run.notices / run.telling_seconds for run in told)} notices/s from the first to the last",
        f"the last came {median(run.late_seconds for run in told)} s after the last settlement",
        f"CPU of a notice: {median(run.sender_cpu / run.notices * 1e6 for run in told)} µs of senders,"
        f" {median(seconds / told[0].notices * 1e6 for seconds in more)} µs of PostgreSQL,"
        f" {median(run.receiver_cpu / run.notices * 1e6 for run in told)} µs of the receiver",
    ]
