"""What `payday calendar` prints: JSON for programs, lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from shared.db import calendars
from shared.db.calendar_changes import Difference
from shared.db.calendars import Day
from shared.db.engine import Session
from shared.domain.calendar import WEEKDAYS
from shared.reroll import Rerolled


def year_report(session: Session, code: str, year: int) -> dict[str, Any]:
    """A calendar and its days of one year."""
    loaded = calendars.read(session, [code])[code]
    return {
        "calendar": code,
        "year": year,
        "version": loaded.version,
        "weekend": [WEEKDAYS[weekday] for weekday in sorted(loaded.calendar.weekend)],
        "days": [day_report(day) for day in calendars.of_year(session, code, year)],
    }


def day_report(day: Day) -> dict[str, Any]:
    """One day that is closed, or worked although it would not be."""
    return {"date": day.date.isoformat(), "name": day.name, "works": day.works, "source": day.source}


def difference_report(difference: Difference) -> dict[str, Any]:
    """What a refresh changed; every value is empty when it changed nothing."""
    renamed = difference.renamed.items()
    return {
        "added": [{"date": day.isoformat(), "name": name} for day, name in difference.added.items()],
        "removed": [{"date": day.isoformat(), "name": name} for day, name in difference.removed.items()],
        "renamed": [{"date": day.isoformat(), "before": before, "after": after} for day, (before, after) in renamed],
        "weekendChanged": difference.weekend_changed,
    }


def print_year(report: Mapping[str, Any], *, as_json: bool) -> None:
    """A line for each day."""
    if as_json:
        print(json.dumps(report))
        return
    print(f"{report['calendar']} in {report['year']}, weekend {', '.join(report['weekend'])}:")
    for day in report["days"]:
        weekday = WEEKDAYS[date.fromisoformat(day["date"]).weekday()]
        print(f"{day['date']}  {weekday:<9}  {day['source']:<8}  {day['name']}")
    if not report["days"]:
        print("no holidays")


def print_change(report: Mapping[str, Any], *, as_json: bool) -> None:
    """What the day is now."""
    if as_json:
        print(json.dumps(report))
        return
    state = f"closed: {report['closed']}" if report["closed"] else "worked"
    print(f"{report['calendar']} {report['date']} is {'now' if report['changed'] else 'already'} {state}")


def print_refreshed(reports: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """What changed in each calendar; what could not be refreshed goes to standard error."""
    if as_json:
        print(json.dumps(reports))
        return
    for report in reports:
        if "problem" in report:
            print(f"payday: {report['problem']}", file=sys.stderr)
        else:
            _print_difference(report)
    if not reports:
        print("no calendar is in use")


def print_rerolled(rerolled: Sequence[Rerolled]) -> None:
    """The payments that a change moved, to standard error: standard output is the report's."""
    for schedule in rerolled:
        for before, after in schedule.changes.updated:
            print(f"  {schedule.schedule_id}: {before.date} is now paid on {after.date}", file=sys.stderr)
        for _, after in schedule.changes.cancelled:
            print(f"  {schedule.schedule_id}: {after.nominal_date} is one with another payment", file=sys.stderr)
        for entry in schedule.changes.created:
            print(f"  {schedule.schedule_id}: {entry.nominal_date} is paid on {entry.date}", file=sys.stderr)


def _print_difference(report: Mapping[str, Any]) -> None:
    lines = [f"  + {day['date']}  {day['name']}" for day in report["added"]]
    lines += [f"  - {day['date']}  {day['name']}" for day in report["removed"]]
    lines += [f"  ~ {day['date']}  {day['before']} is now {day['after']}" for day in report["renamed"]]
    lines += ["  the weekend is another"] if report["weekendChanged"] else []
    print(f"{report['calendar']}: {'as the library says' if not lines else 'changed'}", *lines, sep="\n")
