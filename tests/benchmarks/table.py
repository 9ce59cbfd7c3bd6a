"""The figures as a table on the console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from tests.benchmarks.figures import Figure, Ratio, Side, shown
from tests.benchmarks.results import SINGLE

HEADINGS = ("key", "what", "payday", "other", "ratio", "target", "")


def figures_table(figures: Iterable[Figure], machine: dict[str, Any]) -> Table:
    """A row for each ratio (medians, rounds beneath), and for what could not be measured one that says why."""
    title = f"{machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB; bank and servers on them too"
    table = Table(title=title, show_lines=True)
    for heading in HEADINGS:
        table.add_column(heading)
    for figure in figures:
        for name, ratio in figure.ratios.items():
            key = figure.key if name == SINGLE else f"{figure.key}\n{name}"
            table.add_row(*map(Text, (key, figure.what, *_measured(ratio))), _verdict(ratio))
        if figure.notes or not figure.ratios:
            table.add_row(Text(figure.key), Text("\n".join(figure.notes) or "nothing was measured"))
    return table


def _measured(ratio: Ratio) -> tuple[str, str, str, str]:
    sign = "≤" if ratio.at_most else "≥"
    return _side(ratio.ours), _side(ratio.other), shown(ratio.value), f"{sign} {shown(ratio.target)}"


def _side(side: Side) -> str:
    return f"{shown(side.median)} {side.unit}\n{side.name}\n({', '.join(map(shown, side.rounds))})"


def _verdict(ratio: Ratio) -> Text:
    return Text("met", "green") if ratio.met else Text("missed", "red")
