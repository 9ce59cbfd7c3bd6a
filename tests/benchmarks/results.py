"""results.json: every key's figure, written anew after each, so that a run that is cut short keeps what it has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure, Ratio, Side

SINGLE = "ratio"


class Results:
    """The figures of `path` by key, and the machine they were measured on.

    `keep` begins with what is in the file: raises ValueError when that is not ours.
    """

    def __init__(self, path: Path, *, keep: bool) -> None:
        self.path = path
        self.figures: dict[str, Any] = _read(path) if keep and path.exists() else {}

    def add(self, figure: Figure, machine: dict[str, Any]) -> None:
        """Writes the file with this figure in place of an older one of its key; it is there whole or as it was."""
        self.figures[figure.key] = as_json(figure)
        self.figures["machine"] = machine
        unfinished = self.path.with_name(f".{self.path.name}.new")
        unfinished.write_text(json.dumps(self.figures, indent=2, ensure_ascii=False) + "\n")
        unfinished.replace(self.path)


def as_json(figure: Figure) -> dict[str, Any]:
    """The figure's object in the file; values are not rounded."""
    told: dict[str, Any] = {"what": figure.what}
    if set(figure.ratios) == {SINGLE}:
        ratio = figure.ratios[SINGLE]
        told |= {SINGLE: ratio.value, "target": ratio.target, "at_most": ratio.at_most, "met": ratio.met}
        told |= _sides(ratio)
    elif figure.ratios:
        told |= {name: ratio.value for name, ratio in figure.ratios.items()}
        told["targets"] = {name: ratio.target for name, ratio in figure.ratios.items()}
        told["at_most"] = {name: ratio.at_most for name, ratio in figure.ratios.items()}
        told["met"] = {name: ratio.met for name, ratio in figure.ratios.items()}
        told["sides"] = {name: _sides(ratio) for name, ratio in figure.ratios.items()}
    return told | {"notes": list(figure.notes)}


def from_json(key: str, told: dict[str, Any]) -> Figure:
    """The figure that `as_json` told."""
    ratios: dict[str, Ratio] = {}
    if SINGLE in told:
        ratios[SINGLE] = _ratio(told, told["target"], at_most=told["at_most"])
    for name, sides in told.get("sides", {}).items():
        ratios[name] = _ratio(sides, told["targets"][name], at_most=told["at_most"][name])
    return Figure(key, told["what"], ratios, tuple(told["notes"]))


def _read(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text())
    if not isinstance(found, dict) or "machine" not in found:
        raise ValueError(f"{path} does not hold figures of these benchmarks")
    return found


def _sides(ratio: Ratio) -> dict[str, Any]:
    return {"payday": _side(ratio.ours), "other": _side(ratio.other)}


def _side(side: Side) -> dict[str, Any]:
    return {"name": side.name, "unit": side.unit, "median": side.median, "rounds": list(side.rounds)}


def _ratio(told: dict[str, Any], target: float, *, at_most: bool) -> Ratio:
    ours, other = (Side(side["name"], side["unit"], tuple(side["rounds"])) for side in (told["payday"], told["other"]))
    return Ratio(ours, other, target, at_most)
