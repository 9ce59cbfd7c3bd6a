"""What would run on a date, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from deploy.run_table import tally_table
from shared.db.simulation import Simulation
from shared.domain.books import Tally
from shared.domain.money import format_amount

HEADINGS = {
    "scheduled": "scheduled",
    "carried": "carried from earlier runs",
    "retries": "retries",
    "held": "kept back by holds",
    "wouldRun": "would run",
    "paused": "resting in a pause",
}
ALWAYS = ("scheduled", "wouldRun")


def simulation_report(found: Simulation, batch_size: int) -> dict[str, Any]:
    """As JSON: amounts in decimal text by currency."""
    return {
        "date": found.day.isoformat(),
        "status": found.status,
        "stopped": found.stopped,
        "reason": found.reason,
        "scheduled": _tally(found.scheduled),
        "carried": _tally(found.carried),
        "retries": _tally(found.retries),
        "held": _tally(found.held),
        "paused": _tally(found.paused),
        "wouldRun": _tally(found.would_run),
        "batches": found.batches,
        "batchSize": batch_size,
        "schedulesToExtend": found.to_extend,
        "schedulesNotWritten": found.unwritten,
        "writtenThrough": found.written_through and found.written_through.isoformat(),
    }


def simulation_title(report: Mapping[str, Any]) -> str:
    """The date in one line."""
    stopped, reason = report["stopped"], report["reason"]
    if stopped is not None:
        return f"The run of {report['date']} is {stopped}{f' ({reason})' if reason else ''}: nothing would run"
    return f"The run of {report['date']}, {report['status'] or 'not begun'}: nothing was changed"


def simulation_table(report: Mapping[str, Any]) -> Table:
    """One row for each heading that has something in it, one column for each currency."""
    return tally_table(report, HEADINGS, ALWAYS)


def simulation_notes(report: Mapping[str, Any]) -> Iterator[str]:
    """What the table cannot say."""
    yield f"batches: {report['batches']:,} of at most {report['batchSize']:,} events"
    if report["schedulesToExtend"]:
        yield f"schedules that are extended by then: {report['schedulesToExtend']:,}"
    if report["schedulesNotWritten"]:
        yield (
            f"not all is known: {report['schedulesNotWritten']:,} schedules are written only through"
            f" {report['writtenThrough']} or later, short of the date"
        )


def _tally(tally: Tally) -> dict[str, Any]:
    amounts = tally.nonzero_amounts().items()
    return {"count": tally.count, "amounts": {currency: format_amount(sum_, currency) for currency, sum_ in amounts}}
