"""What a rule must fulfil before a date is computed from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from shared.domain.errors import FieldProblem, Invalid
from shared.domain.frequency import CODE_FORMS, PLACES, Frequency, is_frequency, parse_code
from shared.domain.rolling import Convention

if TYPE_CHECKING:
    from shared.domain.recurrence import Rule

MAX_INTERVAL: Final = 999
MAX_COUNT: Final = 99_999
MAX_DATES: Final = 400
"""Listed dates of one schedule: those that are written at once."""

_SINGLE: Final = (Frequency.ONCE, Frequency.DATES)


def check_rule(rule: Rule) -> None:
    """Raises Invalid that names every field of the rule that makes no sense; making a Rule calls it."""
    problems = [*_step_problems(rule), *_date_problems(rule), *_end_problems(rule)]
    if problems:
        raise Invalid(*problems)


def gives_no_date(rule: Rule) -> Invalid:
    """What is wrong with a rule without any date: it ends before its first, or there never comes one."""
    return Invalid(FieldProblem("/frequency" if rule.end_date is None else "/endDate", "gives no date"))


def _step_problems(rule: Rule) -> Iterator[FieldProblem]:
    if not is_frequency(rule.frequency):
        yield FieldProblem("/frequency", f"must be one of {', '.join(Frequency)}; {'; '.join(CODE_FORMS)}")
    if not 1 <= rule.interval <= MAX_INTERVAL:
        yield FieldProblem("/interval", f"must be 1 to {MAX_INTERVAL}")
    elif rule.interval != 1 and rule.frequency == Frequency.ONCE:
        yield FieldProblem("/interval", "must be 1 for a payment that is made once")
    elif rule.interval != 1 and (rule.frequency == Frequency.DATES or parse_code(rule.frequency) is not None):
        yield FieldProblem("/interval", f"must be 1 with the frequency {rule.frequency}")
    if rule.month_end not in PLACES:
        yield FieldProblem("/monthEnd", f"must be one of {', '.join(PLACES)}")
    if rule.day_convention not in tuple(Convention):
        yield FieldProblem("/dayConvention", f"must be one of {', '.join(Convention)}")


def _date_problems(rule: Rule) -> Iterator[FieldProblem]:
    if rule.frequency != Frequency.DATES:
        if rule.dates:
            yield FieldProblem("/dates", f"can only be given with the frequency {Frequency.DATES}")
        return
    if not 1 <= len(rule.dates) <= MAX_DATES:
        yield FieldProblem("/dates", f"must list 1 to {MAX_DATES} dates")
    elif list(rule.dates) != sorted(set(rule.dates)):
        yield FieldProblem("/dates", "must not list a date twice")


def _end_problems(rule: Rule) -> Iterator[FieldProblem]:
    if rule.end_date is not None and rule.count is not None:
        yield FieldProblem("/endDate", "cannot be given together with count")
        yield FieldProblem("/count", "cannot be given together with endDate")
    if rule.frequency == Frequency.DATES:
        for pointer, value in (("/endDate", rule.end_date), ("/count", rule.count)):
            if value is not None:
                yield FieldProblem(pointer, "must be left out where the dates are listed")
        return
    if rule.end_date is not None and rule.end_date < rule.start_date:
        yield FieldProblem("/endDate", f"lies before the start date, {rule.start_date}")
    elif rule.end_date is not None and rule.end_date != rule.start_date and rule.frequency == Frequency.ONCE:
        yield FieldProblem("/endDate", "must be left out for a payment that is made once")
    if rule.count is not None and not 1 <= rule.count <= MAX_COUNT:
        yield FieldProblem("/count", f"must be 1 to {MAX_COUNT}")
    elif rule.count is not None and rule.count != 1 and rule.frequency == Frequency.ONCE:
        yield FieldProblem("/count", "must be left out for a payment that is made once")
