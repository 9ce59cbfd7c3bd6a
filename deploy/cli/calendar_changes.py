"""What `payday calendar` changes, each in a transaction with its row of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from deploy.cli.calendar_reports import day_report, difference_report
from shared.db import calendar_changes, calendars
from shared.db.audit import Act, Action, record
from shared.db.clock import business_now
from shared.db.engine import Session, Sessions
from shared.db.errors import perform
from shared.domain.errors import Conflict
from shared.holiday_library import library_version
from shared.settings import Settings

ACTIONS: Mapping[str, Action] = {"close": "calendar.closed", "open": "calendar.opened", "clear": "calendar.cleared"}


def change_day(
    sessions: Sessions, settings: Settings, act: Act, change: str, code: str, day: date, name: str | None
) -> dict[str, Any]:
    """Closes (under `name`), opens or clears a day; the report says what it is now. Raises Invalid."""

    def work(session: Session) -> dict[str, Any]:
        before = _stored(session, code, day)
        if change == "clear":
            changed = calendar_changes.clear(session, code, day)
        else:
            today = business_now(session, settings.business).today
            changed = calendar_changes.override(session, code, day, closed_as=name, today=today)
        after = _stored(session, code, day)
        if changed:
            _record(session, act, ACTIONS[change], code, before, after)
        loaded = calendars.read(session, [code])[code]
        closed = loaded.calendar.why_closed(day)
        source = after["source"] if after else None
        stated = {"calendar": code, "date": day.isoformat(), "closed": closed, "source": source}
        return stated | {"changed": changed, "version": loaded.version}

    return perform(sessions, work)


def refresh_all(sessions: Sessions, settings: Settings, act: Act, code: str | None) -> list[dict[str, Any]]:
    """Refreshes that calendar, or all in use; a report for each, with a `problem` where the library knows it no more.

    Each has a transaction of its own: one that fails takes no other with it.
    """
    codes = [code] if code is not None else perform(sessions, calendars.in_use)
    return [_refresh(sessions, settings, act, each) for each in codes]


def _refresh(sessions: Sessions, settings: Settings, act: Act, code: str) -> dict[str, Any]:
    def work(session: Session) -> dict[str, Any]:
        difference = calendar_changes.refresh(session, code, business_now(session, settings.business).today)
        report = difference_report(difference)
        if any(report.values()):
            _record(session, act, "calendar.refreshed", code, None, report | {"libraryVersion": library_version()})
        version = calendars.read(session, [code])[code].version
        return {"calendar": code, "version": version, "libraryVersion": library_version(), **report}

    try:
        return perform(sessions, work)
    except Conflict as error:
        return {"calendar": code, "problem": error.detail}


def _stored(session: Session, code: str, day: date) -> dict[str, Any] | None:
    return next((day_report(row) for row in calendars.of_year(session, code, day.year) if row.date == day), None)


def _record(
    session: Session, act: Act, action: Action, code: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    record(session, act, action, subject="calendar", subject_id=code, payer_id=None, before=before, after=after)
