"""`make bench` as it is called: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.benchmarks.__main__ import BENCHMARKS, main
from tests.benchmarks.figures import Figure, Ratio, Side
from tests.benchmarks.options import Options
from tests.benchmarks.results import as_json, from_json

REGISTRY = (("first", "bench_first"), ("second", "bench_second"), ("third", "bench_third"))


def _ratio(ours: float, target: float, *, at_most: bool = False) -> Ratio:
    return Ratio(Side("full path", "events/s", (ours,)), Side("bare loop", "events/s", (100.0,)), target, at_most)


def _first(options: Options) -> Figure:
    return Figure("first", "one ratio", {"ratio": _ratio(options.rounds * 20.0, 0.5)})


def _second(options: Options) -> Figure:
    ratios = {"speed": _ratio(30.0, 0.5), "memory": _ratio(30.0, 0.5, at_most=True)}
    return Figure("second", "two <ratios> & more", ratios, ["sent one by one"])


def _third(options: Options) -> Figure:
    return Figure("third", "no ratio", {}, ["node is absent"])


@pytest.fixture(autouse=True)
def _run_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name, measure in (("first", _first), ("second", _second), ("third", _third)):
        _register(monkeypatch, name, measure)
    yield
    for number, action in before.items():
        signal.signal(number, action)


def _register(monkeypatch: pytest.MonkeyPatch, name: str, measure: Any) -> None:
    module = ModuleType(f"bench_{name}")
    module.measure = measure  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)


def _written() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("results.json").read_text())
    return found


def _row(printed: str, word: str) -> str:
    return next(line for line in printed.splitlines() if word in line)


def test_the_table_says_what_was_met_and_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], REGISTRY) == 0
    printed = capsys.readouterr().out
    assert "≥ 0.5" in _row(printed, "60 events/s")
    assert "met" in _row(printed, "60 events/s")
    speed, memory = (line for line in printed.splitlines() if "30 events/s" in line)
    assert "missed" in speed
    assert "≤ 0.5" in memory
    assert "met" in memory
    assert "node is absent" in _row(printed, "│ third")


def test_the_file_has_both_sides_the_rounds_and_the_machine() -> None:
    main([], REGISTRY)
    written = _written()
    assert (written["first"]["ratio"], written["first"]["target"], written["first"]["met"]) == (0.6, 0.5, True)
    assert written["first"]["payday"] == {"name": "full path", "unit": "events/s", "median": 60, "rounds": [60]}
    assert written["first"]["other"]["rounds"] == [100]
    assert (written["second"]["speed"], written["second"]["met"]) == (0.3, {"speed": False, "memory": True})
    assert written["second"]["sides"]["memory"]["payday"]["median"] == 30
    assert written["third"]["notes"] == ["node is absent"]
    assert written["machine"]["cores"] == os.cpu_count()
    assert "PostgreSQL" in written["machine"]["versions"]["postgresql"]


@pytest.mark.parametrize("measure", [_first, _second, _third])
def test_a_figure_is_read_as_it_was_written(measure: Any) -> None:
    figure = measure(Options(3, 1.0, 2, None))  # type: ignore[arg-type]
    told = as_json(figure)
    assert as_json(from_json(figure.key, json.loads(json.dumps(told)))) == told


def test_with_only_one_key_the_others_in_the_file_stay() -> None:
    main([], REGISTRY)
    before = _written()
    main(["--only", "first", "--rounds", "1"], REGISTRY)
    after = _written()
    assert (after["first"]["ratio"], before["first"]["ratio"]) == (0.2, 0.6)
    assert after["second"] == before["second"]


def test_a_whole_run_keeps_nothing_of_an_older_one() -> None:
    main([], REGISTRY)
    main([], REGISTRY[:1])
    assert set(_written()) == {"first", "machine"}


def test_an_unknown_key_is_refused_with_those_that_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "first", "fourth"], REGISTRY)
    assert ended.value.code == 2
    assert "unknown: fourth; known are first, second, third" in capsys.readouterr().err


def test_a_file_that_is_not_ours_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("results.json").write_text('{"theirs": 1}')
    with pytest.raises(SystemExit):
        main(["--only", "first"], REGISTRY)
    assert "results.json does not hold figures" in capsys.readouterr().err
    assert Path("results.json").read_text() == '{"theirs": 1}'


def test_an_interrupted_run_keeps_and_names_what_it_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended: list[str] = []

    def interrupted(options: Options) -> Figure:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            ended.append("servers")
        raise AssertionError("not interrupted")

    _register(monkeypatch, "second", interrupted)
    assert main([], REGISTRY) == 130
    assert ended == ["servers"], "a second Ctrl-C cut the ending short"
    assert set(_written()) == {"first", "machine"}
    assert "results.json: first; plots in" in capsys.readouterr().out


def test_what_fails_does_not_end_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(options: Options) -> Figure:
        raise RuntimeError("the bank did not start")

    _register(monkeypatch, "first", failing)
    assert main([], REGISTRY) == 1
    printed = capsys.readouterr().out
    assert "RuntimeError: the bank did not start" in printed
    assert "could not be measured: first" in printed
    assert set(_written()) == {"second", "third", "machine"}


def test_quick_measures_a_tenth_and_never_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def sized(options: Options) -> Figure:
        sizes.extend([options.sized(200_000), options.sized(2_000), options.sized(50, least=20)])
        return _first(options)

    _register(monkeypatch, "first", sized)
    main(["--only", "first", "--quick"], REGISTRY)
    assert sizes == [20_000, 1_000, 20]


def test_there_is_a_plot_of_all_ratios_and_one_of_each_keys_rounds() -> None:
    main(["--plots", "pictures"], REGISTRY)
    assert {path.name for path in Path("pictures").iterdir()} == {"ratios.svg", "first.svg", "second.svg"}
    texts = {path.stem: _texts(path) for path in Path("pictures").iterdir()}
    assert "0.6 (≥ 0.5)" in texts["ratios"]
    assert {"second speed", "second memory"} <= texts["ratios"]
    assert "second: two <ratios> & more" in texts["second"]


def _texts(path: Path) -> set[str]:
    return {node.text or "" for node in ET.parse(path).iter() if node.tag.endswith("text")}


def test_every_registered_benchmark_is_there() -> None:
    folder = Path(__file__).parents[3]
    assert [module for _, module in BENCHMARKS if not (folder / f"{module.replace('.', '/')}.py").exists()] == []
