"""`payday run`: a run seen and closed by an operator at the machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from deploy.cli.refusal import Refusal

if TYPE_CHECKING:
    from shared.db.engine import Session
    from shared.db.models import Run

NEEDS = frozenset({"DATABASE_URL"})
OPERATOR = "operator"
REASON = "closed by `payday run close`"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands `run status` and `run close`."""
    parser = subparsers.add_parser("run", help="see a run, or close its books")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    status = actions.add_parser("status", help="see a run", description="Shows what became of one date's payments.")
    status.set_defaults(run=run_status)
    close = actions.add_parser(
        "close",
        help="close a run before its cut-off",
        description="Stops a run; the next tick of the dispatcher writes its books, and what is unsent is carried on.",
    )
    close.add_argument("--reason", default=REASON, metavar="TEXT", help="why, for the audit (default: %(default)s)")
    close.set_defaults(run=run_close)
    for action in (status, close):
        action.add_argument(
            "--date", type=_date, metavar="D", help="the run's date, YYYY-MM-DD (default: today's business date)"
        )
        action.add_argument("--json", action="store_true", help="print the Run as the REST API answers it")


def run_status(arguments: argparse.Namespace) -> int:
    """Show the run; 1 when there is none."""
    from shared.db import runs

    return _show(arguments, runs.get)


def run_close(arguments: argparse.Namespace) -> int:
    """Begin to close the run, as the API does; 1 when there is none or it is still being planned."""
    from api_service.commands.close_run import close_run
    from shared.db.audit import Act

    if not arguments.reason.strip():
        raise Refusal("--reason: must say why")
    return _show(arguments, lambda session, day: close_run(session, Act(OPERATOR, None), day, arguments.reason.strip()))


def _show(arguments: argparse.Namespace, find: Callable[[Session, date], Run]) -> int:
    from api_service.schemas.run import RunSchema, present_run
    from deploy.cli.connections import open_database
    from shared.db.bookings import books_of
    from shared.db.clock import business_now
    from shared.db.engine import make_sessions
    from shared.db.errors import perform
    from shared.log import configure_logging
    from shared.settings import read_settings

    settings = read_settings(needs=NEEDS)
    configure_logging(settings.log_format, "WARNING")

    def work(session: Session) -> Any:
        run = find(session, arguments.date or business_now(session, settings.business).today)
        books = books_of(session, run.date, closed=run.status == "closed")
        return RunSchema().dump(present_run(run, books))

    with open_database(settings) as engine:
        shown: dict[str, Any] = perform(make_sessions(engine), work)
    _print(shown, as_json=arguments.json)
    return 0


def _print(run: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(run))
        return
    from rich.console import Console

    from deploy.run_table import run_table, run_title

    console = Console(highlight=False)
    console.print(run_title(run))
    console.print(run_table(run))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-03-31") from None
