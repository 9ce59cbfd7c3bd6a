"""Timelines for tests: of one rule or of several revisions, on calendars whose holidays stand here."""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Any

from shared.domain.calendar import Calendar, YearDays, weekends_only
from shared.domain.recurrence import Rule
from shared.domain.timeline import Occurrence, Revision, Terms, Timeline

TERMS = Terms(2500, "payee", None)

_ENGLISH_HOLIDAYS = {
    date.fromisoformat(day): name
    for name, days in {
        "New Year's Day": "2024-01-01 2025-01-01 2026-01-01 2027-01-01",
        "Good Friday": "2024-03-29 2025-04-18 2026-04-03 2027-03-26",
        "Easter Monday": "2024-04-01 2025-04-21 2026-04-06 2027-03-29",
        "Early May bank holiday": "2024-05-06 2025-05-05 2026-05-04 2027-05-03",
        "Spring bank holiday": "2024-05-27 2025-05-26 2026-05-25 2027-05-31",
        "Summer bank holiday": "2024-08-26 2025-08-25 2026-08-31 2027-08-30",
        "Christmas Day": "2024-12-25 2025-12-25 2026-12-25 2027-12-27",
        "Boxing Day": "2024-12-26 2025-12-26 2026-12-28 2027-12-28",
    }.items()
    for day in days.split()
}


def calendar_of(
    closed: dict[date, str], weekend: frozenset[int] = frozenset({5, 6}), worked: frozenset[date] = frozenset()
) -> Calendar:
    """The calendar that is closed on those days and on its weekend, but for the weekend days that are worked."""

    def ask(year: int) -> YearDays:
        return YearDays({day: name for day, name in closed.items() if day.year == year}, worked)

    return Calendar("GB-ENG", weekend, ask)


ENGLAND = calendar_of(_ENGLISH_HOLIDAYS)
"""The bank holidays of England from 2024 to 2027, as gov.uk/bank-holidays lists them."""
WEEKENDS = weekends_only("GB-ENG")


def timeline_of(rule: Rule, calendar: Calendar = WEEKENDS, terms: Terms = TERMS) -> Timeline:
    """The timeline of a schedule that was never changed."""
    return Timeline.of([Revision(1, rule.start_date, rule, terms)], {rule.calendar: calendar})


def revised(*changes: tuple[str, Rule], calendar: Calendar = WEEKENDS) -> Timeline:
    """The timeline of rules, each from its nominal date on; revision n pays n × 100 minor units."""
    revisions = [
        Revision(number, date.fromisoformat(from_date), rule, TERMS._replace(amount=number * 100))
        for number, (from_date, rule) in enumerate(changes, start=1)
    ]
    return Timeline.of(revisions, {"GB-ENG": calendar})


def payments(timeline: Timeline, most: int = 1000) -> list[Occurrence]:
    """The first payments of a timeline."""
    return list(islice(timeline.occurrences(), most))


def dates(start: str, frequency: str, most: int, calendar: Calendar = WEEKENDS, **fields: Any) -> list[str]:
    """The days on which a rule's first payments are made."""
    timeline = timeline_of(Rule(date.fromisoformat(start), frequency, **fields), calendar)
    return [payment.date.isoformat() for payment in payments(timeline, most)]


def nominal(timeline: Timeline, most: int = 1000, since: date = date.min) -> list[str]:
    """The first nominal dates from a day on."""
    return [day.isoformat() for day, _ in islice(timeline.nominal_dates(since), most)]
