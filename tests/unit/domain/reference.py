"""What a schedule pays, found as a person with a paper calendar would: every day is looked at, one after the other.

It shares nothing with the code under test, and is slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from shared.domain.calendar import Calendar
from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Terms

DAY = timedelta(days=1)
_DAYS = {"daily": 1, "weekly": 7, "fortnightly": 14}
_MONTHS = {"monthly": 1, "quarterly": 3, "halfYearly": 6, "yearly": 12}
_QUARTERS = {
    "QtrDay:ENGLISH": {"03-25", "06-24", "09-29", "12-25"},
    "QtrDay:SCOTTISH": {"02-02", "05-15", "08-01", "11-11"},
    "QtrDay:RECEIVED": {"03-20", "06-19", "09-24", "12-20"},
}


class Payment(NamedTuple):
    """What is compared with an Occurrence."""

    sequence: int
    nominal_date: date
    date: date
    amount: int


def days(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def nominal_dates(rule: Rule, calendar: Calendar, until: date) -> list[date]:
    """The dates of a rule up to a day, before its bounds are looked at."""
    return list(_unbounded(replace(rule, day_convention="none", end_date=None, count=None), calendar, until))


@lru_cache(maxsize=64)
def _unbounded(rule: Rule, calendar: Calendar, until: date) -> list[date]:
    if rule.frequency in ("once", "dates"):
        return [day for day in rule.dates or (rule.start_date,) if day <= until]
    candidates = (day for day in days(rule.start_date, until) if _may_be(rule, calendar, day))
    found: list[date] = []
    anchor = _anchor(rule)
    for day in candidates:
        if (not found and anchor is None) or _steps_between(rule, anchor or found[0], day):
            found.append(day)
    return found


def _anchor(rule: Rule) -> date | None:
    """A day of the month from which the months of a named frequency count; None: they count from the first date."""
    if rule.frequency not in _MONTHS:
        return None
    month_end = "next" if rule.month_end == "next" else "clamp"
    wanted = rule.day_of_month or rule.start_date.day
    return next(
        day for day in days(rule.start_date, rule.start_date + 40 * DAY) if _is_day_of_month(wanted, month_end, day)
    )


def _may_be(rule: Rule, calendar: Calendar, day: date) -> bool:
    """Whether it is the kind of day a rule names; the interval is not looked at."""
    name, *parts = rule.frequency.split(":")
    if name == "EvryWorkgDay":
        return calendar.is_working(day)
    if name == "QtrDay":
        return day.isoformat()[5:] in _QUARTERS[rule.frequency]
    if name == "IntrvlWkDay":
        return day.isoweekday() == int(parts[1])
    if name == "WkInMnthDay":
        return day.isoweekday() == int(parts[1]) and (day.day - 1) // 7 + 1 == int(parts[0])
    if name == "IntrvlMnthDay":
        return _is_day_of_month(int(parts[1]), rule.month_end, day)
    if name in _MONTHS:
        return _is_day_of_month(rule.day_of_month or rule.start_date.day, rule.month_end, day)
    return True


def _is_day_of_month(wanted: int, month_end: str, day: date) -> bool:
    if wanted < 0:
        return (day - wanted * DAY).day == 1
    if day.day == wanted:
        return True
    if month_end == "clamp":
        return day.day < wanted and (day + DAY).day == 1
    return month_end == "next" and day.day == 1 and (day - DAY).day < wanted


def _steps_between(rule: Rule, first: date, day: date) -> bool:
    """Whether a whole number of intervals lies between two days of the kind that a rule names."""
    name, *parts = rule.frequency.split(":")
    if name in _DAYS:
        return (day - first).days % (_DAYS[name] * rule.interval) == 0
    if name == "IntrvlDay":
        return (day - first).days % int(parts[0]) == 0
    if name == "IntrvlWkDay":
        return (day - first).days % (7 * int(parts[0])) == 0
    if name == "IntrvlMnthDay":
        return (_month_of(rule, int(parts[1]), day) - _month_of(rule, int(parts[1]), first)) % int(parts[0]) == 0
    if name in _MONTHS:
        anchor = rule.day_of_month or rule.start_date.day
        return (_month_of(rule, anchor, day) - _month_of(rule, anchor, first)) % (_MONTHS[name] * rule.interval) == 0
    return True


def _month_of(rule: Rule, wanted: int, day: date) -> int:
    """The month that a day is paid for: with month end `next`, the first of a month can be the 31st of the last."""
    if rule.month_end == "next" and day.day == 1 and wanted > 1:
        day -= DAY
    return day.year * 12 + day.month


def rolled(rule: Rule, calendar: Calendar, day: date) -> date:
    """The day on which a nominal date is paid."""
    convention = rule.day_convention
    if convention == "none" or calendar.is_working(day):
        return day
    if rule.frequency.startswith("IntrvlMnthDay") and rule.frequency.endswith("-01"):
        convention = "preceding"
    before = _first(calendar.is_working, lambda distance: day - distance * DAY)
    after = _first(calendar.is_working, lambda distance: day + distance * DAY)
    if convention == "nearest":
        return before if day - before < after - day else after
    if convention == "modifiedFollowing":
        return after if after.month == day.month else before
    if convention == "modifiedPreceding":
        return before if before.month == day.month else after
    return {"following": after, "preceding": before}[convention]


def _first(is_working: Callable[[date], bool], at: Callable[[int], date]) -> date:
    distance = 1
    while not is_working(at(distance)):
        distance += 1
    return at(distance)


def paid(rule: Rule, calendar: Calendar, terms: Terms, until: date) -> list[Payment]:
    """The payments, with a nominal date up to `until`, of a schedule that was never changed."""
    nominal = within_bounds(rule, calendar, until)
    ends = rule.frequency in ("once", "dates") or len(nominal) == rule.count
    if rule.end_date is not None:
        ends = rule.end_date <= until
    return numbered(remaining(rule, calendar, nominal), terms, ends=ends)


def within_bounds(rule: Rule, calendar: Calendar, until: date) -> list[date]:
    """The nominal dates up to a day that the end date and the count leave."""
    found = nominal_dates(rule, calendar, until)
    return [day for day in found if rule.end_date is None or day <= rule.end_date][: rule.count]


def remaining(rule: Rule, calendar: Calendar, nominal: Iterable[date]) -> list[tuple[date, date]]:
    """Nominal date and date of each payment, when those that come by the day and fall on one day are one."""
    pairs = [(day, rolled(rule, calendar, day)) for day in nominal]
    if rule.frequency.split(":")[0] not in ("daily", "EvryDay", "EvryWorkgDay", "IntrvlDay"):
        return pairs
    rivals: dict[date, list[date]] = {}
    for day, paid_on in pairs:
        rivals.setdefault(paid_on, []).append(day)
    return [(paid_on if paid_on in days_of_it else days_of_it[0], paid_on) for paid_on, days_of_it in rivals.items()]


def numbered(pairs: list[tuple[date, date]], terms: Terms, *, ends: bool) -> list[Payment]:
    """The payments with their sequence and amount."""
    amounts = [terms.amount] * len(pairs)
    if ends and pairs and terms.final_amount is not None:
        amounts[-1] = terms.final_amount
    if pairs and terms.first_amount is not None:
        amounts[0] = terms.first_amount
    return [
        Payment(sequence, nominal, paid_on, amount)
        for sequence, ((nominal, paid_on), amount) in enumerate(zip(pairs, amounts, strict=True), start=1)
    ]


def revision_on(revisions: Iterable[Revision], day: date) -> Revision | None:
    """The newest revision that had begun by a day."""
    begun = [revision for revision in revisions if revision.from_date <= day]
    return max(begun, key=lambda revision: revision.number) if begun else None


def nominal_over_revisions(revisions: list[Revision], calendar: Calendar, until: date) -> list[tuple[date, Revision]]:
    """The nominal dates up to a day, each with its revision; its own rule and the newest say where they end."""
    own_dates = {revision: set(nominal_dates(revision.rule, calendar, until)) for revision in revisions}
    newest = max(revisions, key=lambda revision: revision.number).rule
    found: list[tuple[date, Revision]] = []
    for day in days(min(revision.from_date for revision in revisions), until):
        revision = revision_on(revisions, day)
        if revision is not None and day in own_dates[revision]:
            bounds = (revision.rule, newest)
            ended = any(rule.end_date is not None and day > rule.end_date for rule in bounds)
            if not ended and not any(rule.count is not None and len(found) >= rule.count for rule in bounds):
                found.append((day, revision))
    return found
