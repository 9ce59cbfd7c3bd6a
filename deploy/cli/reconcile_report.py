"""A comparison with the provider's record, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table

from deploy.cli.reconcile_advice import TITLES, advice, command, resolution
from deploy.run_table import tally_table
from shared.domain.money import format_amount
from shared.domain.reconciliation import Finding, Kind
from worker_service.reconcile_settling import what_they_say, what_we_say

if TYPE_CHECKING:
    from worker_service.reconcile_report import Report, Totals

SHOWN_MOST = 100
SIDES = {"ours": "our transactions", "theirs": "the provider's payments"}


def reconcile_report(report: Report, *, source: str, dry: bool) -> dict[str, Any]:
    """The comparison as JSON; `source` is `list` or `statement`."""
    day = report.day.isoformat()
    return {
        "date": day,
        "source": source,
        "dryRun": dry,
        "agrees": report.agrees,
        "ours": _totals(report.ours),
        "theirs": _totals(report.theirs),
        "agreed": report.agreed,
        "executedElsewhere": report.executed_elsewhere,
        "bookedElsewhere": report.booked_elsewhere,
        "notJudged": report.not_judged,
        "settledCount": report.settled_count,
        "settled": [_finding(finding, day) for finding in report.settled],
        "counts": dict(report.counts),
        "recorded": report.is_whole and not dry,
        "differences": [
            _finding(finding, day) | {"resolve": resolution(finding, day)} for finding in report.differences
        ],
    }


def reconcile_title(found: dict[str, Any]) -> str:
    """The comparison in one line."""
    differences = sum(found["counts"].values())
    verdict = "both sides agree" if found["agrees"] else f"{differences:,} difference{'s' * (differences != 1)}"
    return f"{found['date']}, our transactions and the provider's {found['source']}: {verdict}"


def reconcile_totals(found: dict[str, Any]) -> Table:
    """Both sides by currency."""
    return tally_table(found, SIDES, tuple(SIDES))


def reconcile_notes(found: dict[str, Any]) -> Iterator[str]:
    """What else there is to say of the figures."""
    yield f"the same on both sides: {found['agreed']:,}"
    if found["executedElsewhere"]:
        yield f"ours, executed on another day: {found['executedElsewhere']:,}"
    if found["bookedElsewhere"]:
        yield f"theirs, booked on another day: {found['bookedElsewhere']:,}"
    if found["notJudged"]:
        yield f"ours, perhaps executed on another day, and nobody could be asked: {found['notJudged']:,}"
    if found["settledCount"]:
        would = "would be settled" if found["dryRun"] else "settled now"
        yield f"open until now, {would} by the provider's word: {found['settledCount']:,}"
    if not found["recorded"] and not found["dryRun"]:
        yield "These are too many to be kept: is it the record of this day, and of this provider? Nothing was recorded."


def reconcile_settled(found: dict[str, Any]) -> Iterator[str]:
    for settled in found["settled"][:SHOWN_MOST]:
        yield f"  {settled['eventId']}: {settled['theirs']['status']} {_side(settled['theirs'])}"


def reconcile_differences(found: dict[str, Any]) -> Iterator[str]:
    """A few lines for each difference."""
    for difference in found["differences"][:SHOWN_MOST]:
        yield ""
        yield f"{TITLES[Kind(difference['kind'])]} (key {difference['idempotencyKey']})"
        if difference["eventId"]:
            yield f"  event     {difference['eventId']} of {difference['eventDate']}, attempt {difference['attempt']}"
        yield f"  we say    {_side(difference['ours'])}"
        yield f"  they say  {_side(difference['theirs'])}"
        yield f"  to do     {difference['advice']}"
        if difference["resolve"]:
            yield f"  {command(difference['resolve'])}"
    hidden = sum(found["counts"].values()) - SHOWN_MOST
    if hidden > 0:
        yield ""
        yield f"and {hidden:,} more; --json lists up to 10,000"


def _side(said: dict[str, Any] | None) -> str:
    if said is None:
        return "nothing"
    reference = said.get("providerRef") or said.get("paymentId")
    payment = f"{said['amount']} {said['currency']} from {said['payerId']} to {said['payeeId']}"
    return f"{said['status']}, {payment}" + (f", {reference}" if reference else "")


def _finding(finding: Finding, day: str) -> dict[str, Any]:
    booked, listed = finding.booked, finding.listed
    source = booked or listed
    executed_at = listed.executed_at if listed is not None else 0.0
    return {
        "kind": str(finding.kind),
        "idempotencyKey": source.key if source is not None else None,
        "eventId": booked and booked.event_id,
        "eventDate": booked and booked.event_date,
        "attempt": booked and booked.number,
        "fields": list(finding.fields),
        "ours": booked and what_we_say(booked),
        "theirs": listed and what_they_say(listed),
        "executedAt": datetime.fromtimestamp(executed_at, UTC).isoformat() if executed_at else None,
        "advice": advice(finding) if finding.kind in TITLES else None,
    }


def _totals(totals: Totals) -> dict[str, Any]:
    amounts = {currency: format_amount(amount, currency) for currency, amount in sorted(totals.amounts.items())}
    return {"count": totals.count, "amounts": amounts}
