"""The course of a day as SVG: events a second, disk and memory over time, with the phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from tests.benchmarks.figures import shown
from tests.benchmarks.gauges import KINDS
from tests.benchmarks.svg import Drawing

WIDTH, LEFT, RIGHT, TOP, PANEL, GAP = 960, 90, 930, 60, 170, 40
COLOURS = dict(zip(KINDS, ("#1565c0", "#2e7d32", "#9e9e9e", "#ef6c00"), strict=True))
QUIET = "#e0e0e0"
Curve = tuple[str, list[float]]


def draw(told: dict[str, Any]) -> str:
    """The SVG of what a day told."""
    course = told["course"]
    heading = f"{told['events']:,} events: {told['events_per_second']:,} paid a second"
    drawing = Drawing(WIDTH, TOP + 3 * (PANEL + GAP), heading)
    seconds = [sample["seconds"] for sample in course]
    memory = {kind: [sample["memory_bytes"][kind] / 2**30 for sample in course] for kind in KINDS}
    _phases(drawing, course, seconds[-1])
    rates = {"worker": [sample["rate"] for sample in course]}
    disk = {"postgresql": [sample["disk_bytes"] / 1e9 for sample in course]}
    for number, (name, curves) in enumerate((("events/s", rates), ("disk, GB", disk), ("memory, GiB", memory))):
        _panel(drawing, TOP + number * (PANEL + GAP), name, seconds, curves)
    for number, kind in enumerate(KINDS):
        drawing.text(LEFT + 110 * number, TOP + 3 * (PANEL + GAP) - 8, kind, colour=COLOURS[kind])
    return drawing.svg()


def _panel(
    drawing: Drawing, top: float, name: str, seconds: Sequence[float], curves: Mapping[str, Sequence[float]]
) -> None:
    most = max((value for curve in curves.values() for value in curve), default=0) or 1
    drawing.line(LEFT, top + PANEL, RIGHT, top + PANEL, QUIET)
    drawing.text(LEFT - 8, top + 10, shown(most), anchor="end")
    drawing.text(LEFT - 8, top + PANEL, "0", anchor="end")
    drawing.text(LEFT - 8, top + PANEL / 2, name, anchor="end")
    for kind, curve in curves.items():
        points = [
            (_place(second, seconds[-1]), top + PANEL * (1 - value / most))
            for second, value in zip(seconds, curve, strict=True)
        ]
        drawing.curve(points, COLOURS[kind])
    drawing.text(RIGHT, top + PANEL + 15, f"{seconds[-1]:,.0f} s", anchor="end")


def _phases(drawing: Drawing, course: Sequence[Mapping[str, Any]], last: float) -> None:
    for number, (name, group) in enumerate(groupby(course, key=lambda sample: sample["phase"])):
        x = _place(next(group)["seconds"], last)
        drawing.line(x, TOP, x, TOP + 3 * PANEL + 2 * GAP, QUIET)
        drawing.text(x + 3, TOP - 4 - 13 * (number % 2), name)


def _place(second: float, last: float) -> float:
    return LEFT + (RIGHT - LEFT) * second / last
