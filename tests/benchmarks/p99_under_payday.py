"""p99 of GET and POST at 100 requests a second while a run pays on the same two cores ÷ without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from deploy.local.processes import wait_for
from tests.bank import BankProcess
from tests.benchmarks.day import tuning
from tests.benchmarks.desk import desk, get, payday_api, post
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.load import Answers, Load, apply
from tests.benchmarks.options import Options
from tests.benchmarks.payday import DAY, fill
from tests.benchmarks.rounds import alternate
from tests.town import Town

TARGET = 4.0
PER_SECOND = 100.0
SECONDS = 30.0
"""The p99 of 1,500 requests is the fifteenth worst: of fewer, one stall of the disk decides."""
CONNECTIONS = 64
PROVIDER_BATCH = 250
EVENTS_A_SECOND = 25_000
"""More than the run pays beside the requests, so that it does not end before the rounds do."""
GET, POST = "GET", "POST"
START_SECONDS = 120.0


def measure(options: Options) -> Figure:
    """Milliseconds; requests are due at fixed times, half of them GET, and their wait counts from then."""
    seconds = max(4.0, SECONDS * options.scale)
    under: list[Answers] = []
    alone: list[Answers] = []
    events = round((options.rounds + 1) * seconds * EVENTS_A_SECOND)
    with _town(events) as town, payday_api(town.folder, town.environment) as port:
        run = Run(town, port, options.workers)
        alternate(
            partial(_under, run, port, seconds, under),
            partial(_asked, port, seconds, alone),
            rounds=options.rounds,
            console=options.console,
        )
    ratios = {method: _ratio(method, under[1:], alone[1:]) for method in (GET, POST)}
    worse = max(ratios.values(), key=lambda ratio: ratio.value)
    notes = [
        f"{method}: {ratio.ours.median:.1f} ms under a run, {ratio.other.median:.1f} ms without: {ratio.value:.2f}"
        for method, ratio in ratios.items()
    ]
    what = f"p99 of GET and POST at {PER_SECOND:.0f} requests/s while a run is on ÷ without"
    return Figure("p99_under_payday", what, {"ratio": worse}, notes)


class Run:
    """A run of the day that is paused between the rounds that want it; its workers look again and again meanwhile."""

    def __init__(self, town: Town, port: int, workers: int) -> None:
        self._town, self._url = town, f"http://127.0.0.1:{port}/v1/runs/{DAY}"
        for _ in range(workers):
            town.worker()
        town.beat()
        self._wait("run", "status = 'open'")
        self.pause()

    def pause(self) -> None:
        """Returns when nothing of it is in flight."""
        self._ask("pause")
        self._wait("batch", "NOT EXISTS (SELECT FROM batch WHERE status = 'claimed')")

    def resume(self) -> None:
        """Returns when it pays."""
        self._ask("resume")
        self._wait("batch", "status = 'claimed'")

    def check(self) -> None:
        """Raises AssertionError when nothing was left to pay."""
        (row,) = self._town.rows("SELECT count(*) AS n FROM batch WHERE status = 'waiting'")
        assert row.n > 0, f"the run was over before its round: {self._town.describe()}"

    def _ask(self, what: str) -> None:
        answer = self._town.request("POST", f"{self._url}/{what}", body={"reason": "benchmark"}, operator=True)
        assert answer.ok, answer.text

    def _wait(self, table: str, condition: str) -> None:
        found = f"SELECT EXISTS (SELECT FROM {table} WHERE {condition}) AS it"
        assert wait_for(lambda: self._town.rows(found)[0].it, START_SECONDS), self._town.describe()


@contextmanager
def _town(events: int) -> Iterator[Town]:
    """Durable servers with so many due events, a bank, and nobody at work yet.

    PostgreSQL is set as it is for a day: a run writes a gigabyte of log, by default a checkpoint, in half a minute, and
    the disk answers nobody while it takes in what one writes.
    """
    with desk(tuning.settings()) as servers, BankProcess() as bank:
        url = servers.environment["DATABASE_URL"]
        fill(url, events)
        settings = {
            "CACHE_URL": servers.environment["CACHE_URL"],
            "BUSINESS_DATE": DAY,
            "PROVIDER_BATCH_SIZE": str(PROVIDER_BATCH),
            "PROVIDER_TIMEOUT_SECONDS": "10",
            "LEASE_SECONDS": "120",
        }
        with Town(servers.folder, url, servers.environment["CELERY_BROKER_URL"], bank, **settings) as town:
            yield town


def _under(run: Run, port: int, seconds: float, into: list[Answers]) -> float:
    run.resume()
    try:
        return _asked(port, seconds, into)
    finally:
        run.check()
        run.pause()


def _asked(port: int, seconds: float, into: list[Answers]) -> float:
    """The worse p99 of both, in ms."""
    pairs = zip(get("/v1/events?limit=50"), post("/v1/schedules"), strict=True)
    requests: Sequence[str] = [request for pair in pairs for request in pair]
    answers = apply(Load(port, requests, seconds, CONNECTIONS, PER_SECOND))
    into.append(answers)
    return 1000 * max(answers.p99(GET), answers.p99(POST))


def _ratio(method: str, under: Sequence[Answers], alone: Sequence[Answers]) -> Ratio:
    ours, other = (tuple(1000 * answers.p99(method) for answers in side) for side in (under, alone))
    return Ratio(Side(f"{method}, a run on", "ms", ours), Side(f"{method}, none", "ms", other), TARGET, at_most=True)
