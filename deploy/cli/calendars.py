"""`payday calendar`: the days on which nobody works, seen, and changed by an operator at the machine."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from deploy.cli.refusal import CANNOT_START, Refusal

if TYPE_CHECKING:
    from shared.db.audit import Act
    from shared.db.engine import Session, Sessions
    from shared.settings import Settings

Report = TypeVar("Report")

NEEDS = frozenset({"DATABASE_URL"})
NAME_LENGTH_MAX = 100


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands `calendar show`, `close`, `open`, `clear` and `refresh`."""
    parser = subparsers.add_parser("calendar", help="see a calendar's holidays, or change them")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = actions.add_parser("show", help="list a year's holidays", description="Lists the holidays of one year.")
    show.add_argument("code", type=_code, metavar="CODE", help="such as GB-ENG, ZA, TARGET or XNYS")
    show.add_argument("--year", type=_year, metavar="Y", help="the year (default: this business year)")
    show.set_defaults(run=run_show)
    close = _add_change(actions, "close", "have nobody work on a day", "Closes a day, whatever the library says of it.")
    close.add_argument("--name", type=_name, required=True, metavar="NAME", help="why it is closed, in English")
    _add_change(actions, "open", "have a day worked", "Has a holiday or a day of the weekend worked.")
    _add_change(actions, "clear", "take a change back", "Makes a day again what the library says of it.")
    refresh = actions.add_parser(
        "refresh",
        help="take over what a newer library says",
        description="Compares the stored years with the present library, and takes over what differs. What was closed"
        " or opened here stays. Without CODE, all calendars that are in use.",
    )
    refresh.add_argument("code", type=_changeable, nargs="?", metavar="CODE", help="only this calendar")
    refresh.set_defaults(run=run_refresh)
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="print JSON")


def _add_change(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, description: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=summary, description=description)
    parser.add_argument("code", type=_changeable, metavar="CODE", help="such as GB-ENG, ZA, TARGET or XNYS")
    parser.add_argument("date", type=_date, metavar="DATE", help="the day, YYYY-MM-DD")
    parser.set_defaults(run=run_change, change=name, name=None)
    return parser


def run_show(arguments: argparse.Namespace) -> int:
    """List a year's days: those stored, else the library's."""
    from deploy.cli.calendar_reports import print_year, year_report
    from shared.db.clock import business_now
    from shared.db.errors import perform

    with _database() as (settings, sessions):

        def work(session: Session) -> dict[str, Any]:
            year = arguments.year or business_now(session, settings.business).today.year
            return year_report(session, arguments.code, year)

        report = perform(sessions, work)
    print_year(report, as_json=arguments.json)
    return 0


def run_change(arguments: argparse.Namespace) -> int:
    """Close, open or clear one day; 2 for a day that is never stored."""
    from deploy.cli.calendar_changes import change_day
    from deploy.cli.calendar_reports import print_change
    from shared.domain.errors import Invalid

    def change(settings: Settings, sessions: Sessions, act: Act) -> dict[str, Any]:
        try:
            return change_day(sessions, settings, act, arguments.change, arguments.code, arguments.date, arguments.name)
        except Invalid as error:
            raise Refusal(f"DATE: {error.problems[0].detail}", CANNOT_START) from None

    print_change(_changed(change), as_json=arguments.json)
    return 0


def run_refresh(arguments: argparse.Namespace) -> int:
    """Bring calendars to the present library; 1 when it does not know one of them any more."""
    from deploy.cli.calendar_changes import refresh_all
    from deploy.cli.calendar_reports import print_refreshed

    def change(settings: Settings, sessions: Sessions, act: Act) -> list[dict[str, Any]]:
        return refresh_all(sessions, settings, act, arguments.code)

    reports = _changed(change)
    print_refreshed(reports, as_json=arguments.json)
    return 1 if any("problem" in report for report in reports) else 0


def _changed(change: Callable[[Settings, Sessions, Act], Report]) -> Report:
    """Changes calendars as the operator; every command that changes a day goes through here."""
    from deploy.cli.calendar_reports import print_rerolled
    from shared.db.audit import OPERATOR
    from shared.reroll import reroll_all

    with _database() as (settings, sessions):
        report = change(settings, sessions, OPERATOR)
        print_rerolled(reroll_all(sessions, settings, OPERATOR))
    return report


@contextmanager
def _database() -> Iterator[tuple[Settings, Sessions]]:
    from deploy.cli.connections import open_database
    from shared.db.engine import make_sessions
    from shared.log import configure_logging
    from shared.settings import read_settings

    settings = read_settings(needs=NEEDS)
    configure_logging(settings.log_format, "WARNING")
    with open_database(settings) as engine:
        yield settings, make_sessions(engine, notices=settings.notify is not None)


def _code(text: str) -> str:
    from shared.holiday_library import is_calendar

    if not is_calendar(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no calendar: take a code of ISO 3166 such as GB-ENG or ZA, TARGET, weekends, or a market's"
            " code such as XNYS"
        )
    return text


def _changeable(text: str) -> str:
    if text == "weekends":
        raise argparse.ArgumentTypeError("'weekends' has no holidays to change: take a country's calendar")
    return _code(text)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-03-31") from None


def _year(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= date.max.year):
        raise argparse.ArgumentTypeError(f"{text!r} is no year such as 2026")
    return int(text)


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        raise argparse.ArgumentTypeError(f"must be 1 to {NAME_LENGTH_MAX} printable characters")
    return name
