"""Comparing a business day's transactions with the provider's record, both ways, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from shared.db import reconciliation
from shared.db.audit import Act
from shared.db.errors import perform
from shared.domain.listed import SUCCEEDED, Listed
from shared.domain.payments import AnswerKind
from shared.domain.reconciliation import DIFFERENCES, Booked, Finding, Kind, compare, compare_key
from shared.spool import Spool
from worker_service.reconcile_report import LISTED_MOST, Report
from worker_service.reconcile_settling import Settling
from worker_service.reconcile_span import Span
from worker_service.service import Service

LOOKED_UP = 500
"""So many of the provider's payments are looked up among our events at a time."""
ASKED_MOST = 1000
TOLD_EVERY = 100_000
Progress = Callable[[str], None]


def reconcile(
    service: Service,
    span: Span,
    record: Iterable[Listed],
    *,
    act: Act,
    neighbours: bool,
    dry: bool,
    progress: Progress,
) -> Report:
    """Compares the day with `record`; `neighbours`: it holds the days to each side, as the provider's list does.

    Open payments that the record decides are settled at once; every difference becomes an item when all is compared,
    unless there are too many to keep. `dry`: nothing is written.
    """
    provider = service.settings.provider
    settling = Settling(service, act, dry, can_ask=bool(provider.url) and provider.mode != "none")
    with Spool() as ours, Spool() as theirs:
        comparison = Comparison(service, span, settling)
        comparison.gather_ours(ours, span.covered(neighbours=neighbours), progress)
        _gather(theirs, record, progress)
        comparison.compare(ours, theirs)
    comparison.judge_missing()
    report = comparison.report
    settling.keep(report, close_others=neighbours or not report.counts[Kind.NOT_THERE])
    return report


def _gather(spool: Spool, record: Iterable[Listed], progress: Progress) -> None:
    for number, listed in enumerate(record, 1):
        spool.add(listed.key, listed)
        if number % TOLD_EVERY == 0:
            progress(f"read {number:,} rows of the provider's record")


@dataclass(slots=True)
class Comparison:
    """One comparison under way: what was found so far, and what must still be looked up or asked about."""

    service: Service
    span: Span
    settling: Settling
    report: Report = field(init=False)
    missing: list[Finding] = field(default_factory=list)
    confirmed: set[str] = field(default_factory=set)
    paid_there: set[str] = field(default_factory=set)
    unbooked: dict[str, list[Listed]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.report = Report(self.span.day)

    def gather_ours(self, spool: Spool, covered: tuple[datetime, datetime], progress: Progress) -> None:
        """Puts our side aside. It is read before the provider's: what is paid meanwhile is found when looked up."""
        sessions, day = self.service.sessions, self.span.day
        for booked in reconciliation.transactions(sessions, day, since=covered[0], until=covered[1]):
            spool.add(booked.key, booked)
            if booked.number == booked.attempt:
                self.report.ours.add(booked.currency, booked.amount)
                if self.report.ours.count % TOLD_EVERY == 0:
                    progress(f"read {self.report.ours.count:,} of our transactions")
        for booked in reconciliation.open_attempts(sessions, self.service.settings.provider.name):
            spool.add(booked.key, booked)

    def compare(self, ours: Spool, theirs: Spool) -> None:
        """Chunk by chunk; what nobody here knows is looked up as it gathers."""
        for number in range(ours.chunks):
            chunk = (Booked(*row) for row in ours.chunk(number)), (Listed(*row) for row in theirs.chunk(number))
            for rows, findings in compare(*chunk):
                self._count(rows)
                if findings and findings[0].kind is Kind.UNBOOKED:
                    self._put_off(rows)
                else:
                    self._take(findings)
        self._look_up()

    def judge_missing(self) -> None:
        """Decides about our transactions that the record does not hold."""
        asks = ASKED_MOST
        for finding in self.missing:
            booked = finding.booked
            if booked is None or booked.event_id in self.confirmed:
                self.report.executed_elsewhere += 1
            elif booked.covered or finding.listed is not None:
                self.report.add_difference(finding)
            elif asks:
                asks -= 1
                self._ask(finding, booked)
            else:
                self.report.not_judged += 1

    def _ask(self, finding: Finding, booked: Booked) -> None:
        """It may have been made on another day, which the provider alone can say."""
        answer = self.settling.ask(booked)
        if answer.kind is AnswerKind.PAID and answer.provider_ref == booked.provider_ref:
            self.report.executed_elsewhere += 1
        elif answer.kind is AnswerKind.PAID:
            terms = (booked.payer_id, booked.payee_id, booked.amount, booked.currency)
            listed = Listed(booked.key, answer.provider_ref or "", *terms, SUCCEEDED, 0.0)
            self.report.add_difference(Finding(Kind.OTHER_TERMS, booked, listed, ("paymentId",)))
        elif answer.kind is AnswerKind.DECLINED:
            self.report.add_difference(finding)
        else:
            self.report.not_judged += 1

    def _count(self, rows: list[Listed]) -> None:
        for listed in rows:
            if listed.paid and self._is_of_the_day(listed):
                self.report.theirs.add(listed.currency, listed.amount)

    def _put_off(self, rows: list[Listed]) -> None:
        """Of what was paid on the days to each side, only our own transactions are looked for."""
        if any(listed.paid and self._is_of_the_day(listed) for listed in rows):
            self.unbooked[rows[0].key] = rows
            if len(self.unbooked) >= LOOKED_UP:
                self._look_up()

    def _look_up(self) -> None:
        waiting, self.unbooked = self.unbooked, {}
        if not waiting:
            return
        payers = {listed.payer_id for rows in waiting.values() for listed in rows}
        days = self.span.day, self.span.day
        found = perform(
            self.service.sessions, lambda session: reconciliation.by_keys(session, waiting.keys(), payers, days)
        )
        for key, rows in waiting.items():
            booked = found.get(key)
            if booked is None:
                self._take([Finding(Kind.NO_EVENT, None, listed) for listed in rows if listed.paid])
            else:
                self._take(compare_key(booked, rows), booked_elsewhere=True)

    def _take(self, findings: list[Finding], *, booked_elsewhere: bool = False) -> None:
        for finding in findings:
            if finding.kind is Kind.PROVEN:
                self.settling.settle(self.report, finding)
            elif finding.kind is Kind.NOT_THERE:
                self._miss(finding)
            elif finding.kind in DIFFERENCES:
                self.report.add_difference(self._once(finding))
            elif booked_elsewhere:
                self.report.booked_elsewhere += 1
            elif finding.kind is Kind.CONFIRMED and finding.booked is not None:
                self.confirmed.add(finding.booked.event_id)
            elif finding.listed is not None and self._is_of_the_day(finding.listed):
                self.report.agreed += 1
            else:
                self.report.executed_elsewhere += 1

    def _miss(self, finding: Finding) -> None:
        if len(self.missing) <= LISTED_MOST:
            self.missing.append(finding)
        else:
            self.report.counts[str(finding.kind)] += 1

    def _once(self, finding: Finding) -> Finding:
        """A second payment of an event that we did not pay at all is a payment too many all the same."""
        if finding.kind is not Kind.PAID_THERE or finding.booked is None:
            return finding
        if finding.booked.event_id in self.paid_there:
            return finding._replace(kind=Kind.SECOND_KEY)
        if len(self.paid_there) < LISTED_MOST:
            self.paid_there.add(finding.booked.event_id)
        return finding

    def _is_of_the_day(self, listed: Listed) -> bool:
        return self.span.start.timestamp() <= listed.executed_at < self.span.end.timestamp()
