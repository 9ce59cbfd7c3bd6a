"""The figures as SVG: all ratios against their targets in one picture, and each key's rounds in one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure, Ratio, Side, shown
from tests.benchmarks.results import SINGLE, from_json
from tests.benchmarks.svg import Drawing, LogScale

LABELS, WIDTH, ROW, TOP = 230, 900, 26, 40
VALUES = 160
"""Left for the words behind a bar."""
MET, MISSED, OURS, THEIRS, QUIET = "#2e7d32", "#c62828", "#1565c0", "#9e9e9e", "#e0e0e0"


def draw(figures: Mapping[str, Any], folder: Path) -> None:
    """Writes `ratios.svg` and `<key>.svg` for every figure of results.json that has ratios; replaces older ones."""
    found = [from_json(key, told) for key, told in figures.items() if key != "machine"]
    measured = [figure for figure in found if figure.ratios]
    if not measured:
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ratios.svg").write_text(_ratios(measured))
    for figure in measured:
        (folder / f"{figure.key}.svg").write_text(_rounds(figure))


def _ratios(figures: list[Figure]) -> str:
    named = [(_name(figure.key, name), ratio) for figure in figures for name, ratio in figure.ratios.items()]
    reached = [value for _, ratio in named for value in (ratio.value, ratio.target)]
    scale = LogScale(min(reached), max(reached), LABELS, WIDTH - VALUES)
    drawing = Drawing(WIDTH, TOP + ROW * (len(named) + 1), "Payday ÷ the other: reached (dot), target (line)")
    for power in scale.powers():
        drawing.line(scale.at(power), TOP, scale.at(power), TOP + ROW * len(named), QUIET)
        drawing.text(scale.at(power), TOP + ROW * len(named) + 16, f"{power:g}", anchor="middle")
    for number, (name, ratio) in enumerate(named):
        _ratio(drawing, scale, name, ratio, TOP + ROW * number + ROW / 2)
    return drawing.svg()


def _ratio(drawing: Drawing, scale: LogScale, name: str, ratio: Ratio, middle: float) -> None:
    colour = MET if ratio.met else MISSED
    target, reached = scale.at(ratio.target), scale.at(ratio.value)
    drawing.text(LABELS - 10, middle + 4, name, anchor="end")
    drawing.line(target, middle, reached, middle, colour)
    drawing.line(target, middle - 9, target, middle + 9, "black")
    drawing.dot(reached, middle, colour)
    sign = "≤" if ratio.at_most else "≥"
    drawing.text(WIDTH - VALUES + 15, middle + 4, f"{shown(ratio.value)} ({sign} {shown(ratio.target)})", colour=colour)


def _rounds(figure: Figure) -> str:
    sides = [
        (_name(name, side.name), side, colour)
        for name, ratio in figure.ratios.items()
        for side, colour in ((ratio.ours, OURS), (ratio.other, THEIRS))
    ]
    rows = sum(len(side.rounds) + 1 for _, side, _ in sides)
    drawing = Drawing(WIDTH, TOP + ROW * rows, f"{figure.key}: {figure.what}")
    top = float(TOP)
    for name, side, colour in sides:
        most = max(value for _, other, _ in sides if other.unit == side.unit for value in other.rounds)
        drawing.text(10, top + 17, f"{name}, {side.unit}, median {shown(side.median)}")
        _bars(drawing, side, colour, top + ROW, most)
        top += ROW * (len(side.rounds) + 1)
    return drawing.svg()


def _bars(drawing: Drawing, side: Side, colour: str, top: float, most: float) -> None:
    for number, value in enumerate(side.rounds):
        width = (WIDTH - LABELS - VALUES) * value / most if most else 0
        middle = top + ROW * number + ROW / 2
        drawing.text(LABELS - 10, middle + 4, f"round {number + 1}", anchor="end")
        drawing.bar(LABELS, middle - 8, width, 16, colour)
        drawing.text(LABELS + width + 8, middle + 4, shown(value))


def _name(first: str, second: str) -> str:
    return " ".join(word for word in (first, second) if word != SINGLE)
