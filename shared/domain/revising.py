"""Revising: the revisions that a change of a schedule adds (rules S2, S7, S8; what counts from where)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from shared.domain.edits import Overridden
from shared.domain.errors import FieldProblem, Invalid
from shared.domain.frequency import Frequency, counts_months, first_with_day, parse_code
from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Terms, Timeline

BOUNDS: Final = frozenset({"end_date", "count"})
_STEPS: Final = ("frequency", "interval")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """What a user wants other: fields of `Rule` and of `Terms` with their new values, and of what holds for the whole
    schedule whatever its revision: `pay_late`, `retry_days`.

    `from_date`: the nominal date from which it holds; None: the whole schedule. `dates` stand in the order in which the
    user named them.
    """

    rule: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)
    from_date: date | None = None
    overridden: Overridden | None = None


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Where a schedule is when it is changed: its first event that can be edited and its first that is not final,
    the last nominal date that is used up, and the next open date. What is paused past its date can be edited, but is
    no place to begin at. Of the nominal dates from the first editable one or the next open date on: those `used` up
    already, those edited by themselves, and those `due`, open although the next open date is later."""

    first_editable: date | None
    first_open: date | None
    last_used: date | None
    next_open: date
    used: frozenset[date] = frozenset()
    overridden: frozenset[date] = frozenset()
    due: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Revised:
    """The revisions to be added, from which nominal date on events are looked at, and what kind of change it is."""

    added: list[Revision]
    seam: date
    new_rule: bool = False
    retermed: bool = False
    rebounded: bool = False


def revise(timeline: Timeline, change: ScheduleChange, at: Standpoint, last_number: int) -> Revised:
    """The revisions that a change adds after the `last_number`-th; none if it changes nothing.

    A change of terms goes through every later revision; a new rule replaces theirs. Of what lies before the next open
    date only what is stored is a date: no rule and no bound makes another of what has passed. Raises Invalid: a date
    before the next open one, a `count` below what is used, an end before it, and what `check_rule` says.
    """
    bounds = {name: value for name, value in change.rule.items() if name in BOUNDS}
    steps = {name: value for name, value in change.rule.items() if name not in BOUNDS}
    start = _start(timeline, change, at)
    in_force = timeline.in_force(start) or timeline.revisions[0]
    rule = _new_rule(timeline, in_force.rule, steps, bounds, start)
    seam = _seam(timeline, change, rule, start, at)
    later = [revision for revision in timeline.revisions if revision.from_date > seam]
    new_rule = any(_unbounded(item.rule) != _unbounded(rule) for item in (in_force, *later)) if steps else False
    rebounded = _bounds(rule) != _bounds(timeline.last.rule)
    retermed = any(item.terms._replace(**change.terms) != item.terms for item in (in_force, *later))
    if rebounded:
        _check_bounds(timeline, rule, at)
    if not (new_rule or retermed or rebounded):
        return Revised([], seam)
    ruled_from = seam if new_rule else max(timeline.revisions[0].from_date, at.next_open)
    if new_rule:
        opens = at.next_open if seam < at.next_open else None
        rule = replace(rule, opens=opens, kept=_kept(timeline, rule, change, at, seam))
    starts = {ruled_from} if new_rule or rebounded else set()
    if retermed:
        starts.add(seam)
    tail = []
    for day in sorted(starts | {item.from_date for item in timeline.revisions if item.from_date > min(starts)}):
        item = timeline.in_force(day) or timeline.revisions[0]
        own = rule if new_rule else replace(item.rule, **bounds)
        terms = item.terms._replace(**change.terms) if retermed and day >= seam else item.terms
        tail.append((day, own if day >= ruled_from else item.rule, terms))
    added = [Revision(last_number + number, *contents) for number, contents in enumerate(_merged(tail), 1)]
    if rebounded and at.first_open is not None:
        starts.add(at.first_open)  # an open event may lie beyond the new end although its date has come
    return Revised(added, min(starts), new_rule, retermed, rebounded)


def _kept(timeline: Timeline, rule: Rule, change: ScheduleChange, at: Standpoint, since: date) -> tuple[date, ...]:
    """The nominal dates whose events stay although the new rule may not make them: each is one of its dates."""
    staying = at.used | {day for day in at.due if timeline.on_grid(day, rule)}
    if change.overridden is Overridden.KEEP:
        staying |= at.overridden
    return tuple(sorted(day for day in staying if day >= since))


def _start(timeline: Timeline, change: ScheduleChange, at: Standpoint) -> date:
    """Where the change begins to hold: `from`, else the first open nominal date, else the next one there would be.

    A change of terms alone also holds for what is being paid now, should it come back (rule C6), and for what is
    skipped and may be restored. What lies before is final, and history keeps the revision that it was paid under.
    """
    if change.from_date is None and not change.rule:
        to_come = max(at.next_open, timeline.revisions[0].from_date)
        return to_come if at.first_open is None else min(at.first_open, to_come)
    if change.from_date is None:
        if at.first_editable is not None:
            return _for_its_month(timeline, change, at.first_editable, at.next_open)
        return next((day for day, _ in timeline.nominal_dates(at.next_open)), at.next_open)
    first = at.first_editable if change.rule else at.first_open
    open_from = min(day for day in (first, at.next_open) if day is not None)
    return max(change.from_date, open_from)


def _for_its_month(timeline: Timeline, change: ScheduleChange, first: date, next_open: date) -> date:
    """Where a new month end begins to hold: a date on the first is paid for the month before, so it begins there."""
    in_force = timeline.in_force(first)
    if "month_end" not in change.rule or in_force is None or first <= max(next_open, in_force.from_date):
        return first
    day = _day_of_month(in_force.rule)
    return first - _DAY if day is not None and _is_spilled(first, day, in_force.rule) else first


def _new_rule(timeline: Timeline, old: Rule, steps: Mapping[str, Any], bounds: Mapping[str, Any], start: date) -> Rule:
    """The rule in force with the new fields, counted from `start` where how often it pays changes.

    The anchor's day stays: 31 stays 31. A start date in the change is the new anchor.
    """
    last = timeline.last.rule
    values: dict[str, Any] = {"end_date": last.end_date, "count": last.count, **steps, **bounds}
    if "dates" in values:
        values["dates"] = tuple(sorted(values["dates"]))
    if values.get("dates") and values.get("frequency", old.frequency) == Frequency.DATES:
        values |= {"start_date": values["dates"][0], "day_of_month": None}
    elif steps.get("start_date", old.start_date) != old.start_date:
        values["day_of_month"] = None
    elif any(steps.get(name, getattr(old, name)) != getattr(old, name) for name in _STEPS):
        values |= _counted_from(timeline, old, steps, start)
    return replace(old, **values)


def _counted_from(timeline: Timeline, old: Rule, steps: Mapping[str, Any], start: date) -> dict[str, Any]:
    frequency = steps.get("frequency", old.frequency)
    day = _day_of_month(old) if counts_months(frequency) else None
    if frequency == old.frequency:
        # Another interval of the same: between two of its dates, the count begins at the next of them.
        start = next((on for on, _ in timeline.nominal_dates(start) if timeline.gives(on)), start)
        if day is not None and _is_spilled(start, day, old):
            start -= _DAY  # into the month that it is paid for
    elif day is not None and not timeline.gives(start):
        month_end = steps.get("month_end", old.month_end)
        # From between its dates, the months are counted from the first that has the day.
        start = first_with_day(day, month_end, start) if month_end == "skip" else start
    return {"start_date": start, "day_of_month": None if day == start.day else day}


def _is_spilled(nominal_date: date, day: int, rule: Rule) -> bool:
    """Whether it is the first of a month only because the month before is too short for its day."""
    return rule.month_end == "next" and nominal_date.day == 1 and day > 1


def _day_of_month(rule: Rule) -> int | None:
    """The day on which a rule pays in every month; None where it has none."""
    code = parse_code(rule.frequency)
    if code is not None:
        return code.day if code.kind == "IntrvlMnthDay" and code.day > 0 else None
    if counts_months(rule.frequency) or rule.frequency == Frequency.ONCE:
        return rule.day_of_month or rule.start_date.day
    return None


def _seam(timeline: Timeline, change: ScheduleChange, rule: Rule, start: date, at: Standpoint) -> date:
    """From where the events are looked at: `start`, or earlier where a new start or listed date comes before it."""
    new_dates: list[tuple[str, date]] = []
    if rule.frequency == Frequency.DATES and "dates" in change.rule:
        new_dates = [
            (f"/dates/{index}", day) for index, day in enumerate(change.rule["dates"]) if not timeline.gives(day)
        ]
    elif "start_date" in change.rule and change.rule["start_date"] != timeline.last.rule.start_date:
        new_dates = [("/startDate", change.rule["start_date"])]
    early = [pointer for pointer, day in new_dates if day < at.next_open]
    if early:
        detail = f"lies before the next possible date, {at.next_open.isoformat()}"
        raise Invalid(*(FieldProblem(pointer, detail) for pointer in early), code="date_not_open")
    if change.from_date is not None:
        before = [pointer for pointer, day in new_dates if day < change.from_date]
        if before:
            raise Invalid(*(FieldProblem(pointer, f"lies before from, {change.from_date}") for pointer in before))
    return min([start, *(day for _, day in new_dates)])


def _check_bounds(timeline: Timeline, rule: Rule, at: Standpoint) -> None:
    if at.last_used is None:
        return
    used = timeline.number_before(at.last_used + timedelta(days=1))
    if rule.count is not None and rule.count < used:
        raise Invalid(FieldProblem("/count", f"must be at least {used}: so many dates are used already"))
    if rule.end_date is not None and rule.end_date < at.last_used:
        raise Invalid(FieldProblem("/endDate", f"lies before the last date that is used already, {at.last_used}"))


def _merged(tail: list[tuple[date, Rule, Terms]]) -> list[tuple[date, Rule, Terms]]:
    """Without those that say the same as the one before."""
    kept: list[tuple[date, Rule, Terms]] = []
    for item in tail:
        if not kept or kept[-1][1:] != item[1:]:
            kept.append(item)
    return kept


def _unbounded(rule: Rule) -> Rule:
    return replace(rule, end_date=None, count=None, opens=None, kept=())


def _bounds(rule: Rule) -> tuple[date | None, int | None]:
    return rule.end_date, rule.count
