"""A run as a table for people, from the Run of the REST API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    return f"The run of {run['date']}: {run['status']}, books {balance}"


def run_table(run: Mapping[str, Any]) -> Table:
    """One row for each heading, one column for each currency; headings with nothing in them are left out."""
    currencies = sorted({currency for name in HEADINGS for currency in run[name]["amounts"]})
    table = Table()
    for column, side in _columns(currencies):
        table.add_column(column, justify=side)
    for name, heading in HEADINGS.items():
        tally = run[name]
        if name in ALWAYS or tally["count"] or tally["amounts"]:
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
