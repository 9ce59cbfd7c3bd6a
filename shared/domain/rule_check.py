"""What a rule must fulfil before a date is computed from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from shared.domain.errors import FieldProblem, Invalid
from shared.domain.frequency import Frequency, is_frequency

if TYPE_CHECKING:
    from shared.domain.recurrence import Rule

MAX_INTERVAL: Final = 999
MAX_COUNT: Final = 99_999


def check_rule(rule: Rule) -> None:
    """Raises Invalid that names every field of the rule that makes no sense; making a Rule calls it."""
    problems = [*_step_problems(rule), *_end_problems(rule)]
    if problems:
        raise Invalid(*problems)


def _step_problems(rule: Rule) -> Iterator[FieldProblem]:
    if not is_frequency(rule.frequency):
        yield FieldProblem("/frequency", f"must be one of {', '.join(Frequency)}")
    if not 1 <= rule.interval <= MAX_INTERVAL:
        yield FieldProblem("/interval", f"must be 1 to {MAX_INTERVAL}")
    elif rule.interval != 1 and not rule.is_recurring:
        yield FieldProblem("/interval", "must be 1 for a payment that is made once")
    if rule.month_end != "clamp":
        yield FieldProblem("/monthEnd", "only clamp is available yet")


def _end_problems(rule: Rule) -> Iterator[FieldProblem]:
    if rule.end_date is not None and rule.count is not None:
        yield FieldProblem("/endDate", "cannot be given together with count")
        yield FieldProblem("/count", "cannot be given together with endDate")
    if rule.end_date is not None and rule.end_date < rule.start_date:
        yield FieldProblem("/endDate", f"lies before the start date, {rule.start_date}")
    elif rule.end_date is not None and rule.end_date != rule.start_date and not rule.is_recurring:
        yield FieldProblem("/endDate", "must be left out for a payment that is made once")
    if rule.count is not None and not 1 <= rule.count <= MAX_COUNT:
        yield FieldProblem("/count", f"must be 1 to {MAX_COUNT}")
    elif rule.count is not None and rule.count != 1 and not rule.is_recurring:
        yield FieldProblem("/count", "must be left out for a payment that is made once")
