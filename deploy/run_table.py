"""A run as a table for people, from the Run of the REST API."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.table import Table

ALWAYS = ("due", "paid", "declined", "unknown")
HEADINGS = {
    "due": "due",
    "paid": "paid",
    "declined": "declined",
    "unknown": "unknown",
    "withdrawn": "withdrawn",
    "carried": "carried to the next run",
    "missed": "missed",
    "adjusted": "paid for an earlier run",
    "waiting": "waiting",
    "inFlight": "in flight",
}


def run_title(run: Mapping[str, Any]) -> str:
    """The run in one line."""
    balance = "balanced" if run["balanced"] else "NOT BALANCED"
    closing = " and closing" if run["closingAt"] and not run["closedAt"] else ""
    reason = f" ({run['reason']})" if run["reason"] else ""
    return f"The run of {run['date']}: {run['status']}{closing}{reason}, books {balance}"


def run_table(run: Mapping[str, Any]) -> Table:
    """One row for each heading, one column for each currency; headings with nothing in them are left out."""
    return tally_table(run, HEADINGS, ALWAYS)


def tally_table(tallies: Mapping[str, Any], headings: Mapping[str, str], always: Collection[str]) -> Table:
    """A row for each of the tallies that `headings` names; of the empty ones only those that are `always` shown."""
    currencies = sorted({currency for name in headings for currency in tallies[name]["amounts"]})
    table = Table()
    for column, side in _columns(currencies):
        table.add_column(column, justify=side)
    for name, heading in headings.items():
        tally = tallies[name]
        if name in always or tally["count"] or tally["amounts"]:
            amounts = [_grouped(tally["amounts"].get(currency, "")) for currency in currencies]
            table.add_row(heading, f"{tally['count']:,}", *amounts)
    return table


def _columns(currencies: Sequence[str]) -> list[tuple[str, Any]]:
    return [("", "left"), ("events", "right"), *((currency, "right") for currency in currencies)]


def _grouped(amount: str) -> str:
    """`1234567.89` as `1,234,567.89`; text, so that no digit is lost. Sums may be negative."""
    whole, point, decimals = amount.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{point}{decimals}" if whole else ""
