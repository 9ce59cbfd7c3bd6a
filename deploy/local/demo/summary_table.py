"""The summary for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from deploy.local.demo.summary import Summary
from deploy.run_table import run_table, run_title

DIFFERENCES_SHOWN = 20
ROLES = ("payer", "payee")


def print_summary(console: Console, summary: Summary) -> None:
    """Table and sentences."""
    console.print()
    console.print(run_title(summary.run), highlight=False)
    console.print(run_table(summary.run), highlight=False)
    rate = summary.rate()
    speed = f"About {rate:,} events a second" if rate else "All in one moment"
    lines = [
        f"{len(summary.created):,} schedules; {summary.cancelled_today} events of today cancelled before the run.",
        f"{speed}, each with a call of its own to the bank.",
        f"Declined: {', '.join(f'{count} {code}' for code, count in summary.declines().items()) or 'none'}.",
        f"Monthly on the 31st: {', '.join(summary.month_end_dates)}.",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    _print_notices(console, summary)
    _print_verdict(console, summary)


def _print_notices(console: Console, summary: Summary) -> None:
    """What the receiver got, by type and role."""
    told = summary.records.told
    bad = told["badSignatures"]
    verified = f"{bad:,} signatures wrong" if bad else "all signatures verified"
    console.print(f"{told['distinct']:,} notices at the receiver, {verified}.", highlight=False, soft_wrap=True)
    table = Table()
    table.add_column("")
    for role in ROLES:
        table.add_column(f"to {role}s", justify="right")
    for type_, counts in told["byType"].items():
        table.add_row(type_, *(f"{counts[role]:,}" if role in counts else "" for role in ROLES))
    console.print(table, highlight=False)


def _print_verdict(console: Console, summary: Summary) -> None:
    records = summary.records
    counts = f"{len(records.payments):,} payments in the bank's journal, {len(records.transactions):,} transactions"
    if not summary.differences:
        console.print(f"[green]{counts}: the same row by row, by key and amount.[/]", highlight=False, soft_wrap=True)
        return
    console.print(f"{counts}; not as planned: {len(summary.differences)}", style="red", markup=False, highlight=False)
    for difference in summary.differences[:DIFFERENCES_SHOWN]:
        console.print(f"  {difference}", style="red", markup=False, highlight=False, soft_wrap=True)
