"""Ratios, and who is said to reach a target."""

from __future__ import annotations

import pytest
from rich.console import Console

from tests.benchmarks.figures import Ratio, Side, shown
from tests.benchmarks.options import Options
from tests.benchmarks.rounds import alternate


def _ratio(ours: float, other: float, target: float, *, at_most: bool = False) -> Ratio:
    return Ratio(Side("payday", "events/s", (ours,)), Side("bare", "events/s", (other,)), target, at_most)


def test_a_ratio_is_of_medians_and_one_odd_round_does_not_count() -> None:
    ratio = Ratio(Side("payday", "events/s", (10, 9000, 12)), Side("bare", "events/s", (4, 3, 5)), 3)
    assert ratio.value == 3


@pytest.mark.parametrize(("ours", "met"), [(49, False), (50, True), (51, True)])
def test_a_target_is_met_from_itself_on(ours: float, met: bool) -> None:
    assert _ratio(ours, 100, 0.5).met is met


@pytest.mark.parametrize(("ours", "met"), [(109, True), (110, True), (111, False)])
def test_what_must_not_exceed_its_target_is_met_up_to_it(ours: float, met: bool) -> None:
    assert _ratio(ours, 100, 1.1, at_most=True).met is met


@pytest.mark.parametrize(("value", "words"), [(19351.4, "19,351"), (75.12, "75.1"), (0.0312, "0.0312")])
def test_values_are_shown_with_the_digits_that_count(value: float, words: str) -> None:
    assert shown(value) == words


def test_the_sides_take_turns_and_the_warm_up_does_not_count() -> None:
    calls: list[str] = []

    def side(name: str) -> float:
        calls.append(name)
        return len(calls)

    ours, other = alternate(lambda: side("A"), lambda: side("B"), rounds=2, console=Console(quiet=True))
    assert calls == ["A", "B"] * 3
    assert (ours, other) == ((3, 5), (4, 6))


def test_without_a_warm_up_the_first_round_counts() -> None:
    values = iter(range(10))
    turns = alternate(lambda: next(values), lambda: next(values), rounds=1, warm_up=False, console=Console(quiet=True))
    assert turns == ((0,), (1,))


def test_what_is_told_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Options(rounds=1, scale=1.0, workers=2, console=Console(width=80)).say("with 10:100: 895 [payments/s]")
    assert capsys.readouterr().out == "with 10:100: 895 [payments/s]\n"
