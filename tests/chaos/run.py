"""One run: a site, users, faults as planned, the drain, the verdict."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.chaos import invariants
from tests.chaos.draining import drain
from tests.chaos.evidence import gather
from tests.chaos.faults import KINDS
from tests.chaos.listening import Listener
from tests.chaos.operator import Operator
from tests.chaos.options import REDIS, Options
from tests.chaos.promises import Promises
from tests.chaos.resolving import resolve
from tests.chaos.schedule import Planned, plan
from tests.chaos.site import CANARY, Site
from tests.chaos.telling import tell
from tests.chaos.told import calls_are_signed
from tests.chaos.users import Users

TICK_SECONDS = 0.1
PROGRESS_SECONDS = 10.0
HELD_UP_SECONDS = 0.5
"""What a step takes longer than this moves the rest of the plan: faults that were not to meet must not."""
BUSY = 2.0
"""A bank that stood still for a while reads all that came meanwhile in one moment; the rate has a test of its own."""


class Aftermath(NamedTuple):
    """How long it took until all that is due had ended and all notices were told, and how much a person did for it."""

    drained_seconds: float
    resolved: int
    told_seconds: float


@dataclass(slots=True)
class Result:
    """What a run came to."""

    payments: int
    sends: int
    faults: Counter[str]
    answers: Counter[str]
    statuses: dict[str, int]
    notices: int
    aftermath: Aftermath
    messages: int


class ChaosRun:
    """Everything of one run; `run` raises Violated or NotDrained when something does not hold."""

    def __init__(self, options: Options, folder: Path, say: Callable[[str], None]) -> None:
        self._options = options
        self._folder = folder
        self._began = time.monotonic()
        self._print = say
        self.faults: Counter[str] = Counter()

    def run(self) -> Result:
        planned = plan(KINDS, self._options)
        with contextlib.closing(Site(self._options, self._folder, self._say)) as site:
            site.open()
            promises = Promises()
            listener = Listener(site.servers.command, CANARY)
            users, operator = Users(site, promises), Operator(site)
            if self._options.broker == REDIS:
                listener.start()
            users.start()
            operator.start()
            self._began = time.monotonic()
            try:
                self._harm(site, planned)
                users.stop()
                self._say(f"no more faults; {dict(users.answers)} answers, {promises.faults}")
                aftermath = Aftermath(drain(site), resolve(site), tell(site))
            finally:
                users.stop()
                operator.stop()
                listener.stop()
            return self._judge(site, promises, listener, users, aftermath)

    def _harm(self, site: Site, planned: Sequence[Planned]) -> None:
        """Until the time is up; at its end nothing is harmed any more, also when it ends by Ctrl-C."""
        waiting = list(planned)
        at_work: list[tuple[Planned, Iterator[None]]] = []
        said_at = now = 0.0
        seen = self._elapsed
        try:
            while self._elapsed < self._options.seconds:
                seen, passed = self._elapsed, self._elapsed - seen
                now += min(passed, HELD_UP_SECONDS)
                for one, harm in list(at_work):
                    if now >= one.until:
                        at_work.remove((one, harm))
                        self._end(one, harm)
                    else:
                        next(harm, None)
                while waiting and now >= waiting[0].at:
                    one = waiting.pop(0)
                    at_work.append((one, self._begin(site, one)))
                self._tend(site, [one for one, _ in at_work])
                if self._elapsed - said_at >= PROGRESS_SECONDS:
                    said_at = self._elapsed
                    self._say(self._progress(site))
                time.sleep(TICK_SECONDS)
        finally:
            for one, harm in at_work:
                self._end(one, harm)
            self._tend(site, [])

    def _begin(self, site: Site, one: Planned) -> Iterator[None]:
        self._say(f"+ {one.kind.name}")
        self.faults[one.kind.name] += 1
        harm = one.kind.harm(site, Random(f"{self._options.seed}/{one.at}"))
        next(harm, None)
        return harm

    def _end(self, one: Planned, harm: Iterator[None]) -> None:
        harm.close()  # type: ignore[attr-defined]
        self._say(f"- {one.kind.name}")

    def _tend(self, site: Site, at_work: Sequence[Planned]) -> None:
        """A server that is being harmed is not started again meanwhile."""
        if not {one.kind.part for one in at_work} & {"database", "broker"}:
            for name in site.servers.tend():
                self._say(f"{name} had ended and was started again")
        site.crew.tend()

    def _judge(self, site: Site, promises: Promises, listener: Listener, users: Users, aftermath: Aftermath) -> Result:
        evidence = gather(site, promises)
        calls_are_signed(site.receiver.summary())
        rate = int(self._options.max_rps * BUSY) + 1 if self._options.max_rps else 0
        invariants.check(evidence, may_be_unknown=False, max_rps=rate)
        invariants.nothing_shows([CANARY], _said(site))
        invariants.nothing_shows([CANARY], dict(enumerate(listener.marked)))  # type: ignore[arg-type]
        return Result(
            payments=len(evidence.payments),
            sends=len(evidence.sends),
            faults=self.faults,
            answers=users.answers,
            statuses=dict(Counter(event.status for event in evidence.events if event.due)),
            notices=len(evidence.notices or ()),
            aftermath=aftermath,
            messages=listener.heard,
        )

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _say(self, words: str) -> None:
        self._print(f"[{self._elapsed:6.1f} s] {words}")

    def _progress(self, site: Site) -> str:
        """The bank is asked; the database may be frozen."""
        try:
            summary = site.bank.summary()
        except (OSError, RuntimeError):
            return "the bank is away"
        return f"{summary['effectivePayments']} paid, {summary['sends']} sent, {summary['declined']} declined"


def _said(site: Site) -> dict[str, str]:
    """What Payday's processes and the broker wrote."""
    logs = [*site.logs.glob("*.log"), *(site.folder / "servers").glob("broker.log")]
    return {path.name: path.read_text(errors="replace") for path in logs}
