"""`payday run`: a run seen, stopped and closed by an operator at the machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from deploy.cli.refusal import Refusal

if TYPE_CHECKING:
    from shared.db.engine import Session
    from shared.db.models import Run
    from shared.settings import Settings

T = TypeVar("T")

NEEDS = frozenset({"DATABASE_URL"})
REASON_MOST = 200
ACTIONS = {
    "status": ("see a run", "Shows what became of one date's payments."),
    "pause": (
        "stop a run for a while",
        "Nothing more of the run is sent until it is resumed; it closes at its cut-off all the same.",
    ),
    "resume": ("let a paused run go on", "A paused run pays again."),
    "close": (
        "close a run before its cut-off",
        "Stops a run; the next tick of the dispatcher writes its books, and what is unsent is carried on.",
    ),
    "simulate": (
        "say what would run",
        "Counts what a run would pay on a date, today or later, and what keeps payments back; changes nothing.",
    ),
}
DONE = {"pause": "paused", "resume": "resumed", "close": "closed"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands `run status`, `pause`, `resume`, `close` and `simulate`."""
    parser = subparsers.add_parser("run", help="see a run, stop it, close its books, or say what would run")
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    for name, (summary, description) in ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=description)
        action.set_defaults(run={"status": run_status, "simulate": run_simulate}.get(name, run_change))
        action.add_argument(
            "--date", type=_date, metavar="D", help="the run's date, YYYY-MM-DD (default: today's business date)"
        )
        printed = "what was counted" if name == "simulate" else "the Run as the REST API answers it"
        action.add_argument("--json", action="store_true", help=f"print {printed}")
        if name in DONE:
            reason = f"{DONE[name]} by `payday run {name}`"
            action.add_argument(
                "--reason", default=reason, metavar="TEXT", help="why, for the audit (default: %(default)s)"
            )


def run_status(arguments: argparse.Namespace) -> int:
    """Show the run; 1 when there is none."""
    from shared.db import runs

    return _show(arguments, runs.get)


def run_change(arguments: argparse.Namespace) -> int:
    """Pause, resume or begin to close the run, as the API does; 1 when there is none or its state forbids it."""
    from api_service.commands.close_run import close_run
    from api_service.commands.pause_run import pause_run
    from api_service.commands.resume_run import resume_run
    from shared.db.audit import OPERATOR

    reason = arguments.reason.strip()
    if not reason:
        raise Refusal("--reason: must say why")
    if len(reason) > REASON_MOST:
        raise Refusal(f"--reason: at most {REASON_MOST} characters")
    command = {"pause": pause_run, "resume": resume_run, "close": close_run}[arguments.action]
    return _show(arguments, lambda session, day: command(session, OPERATOR, day, reason))


def run_simulate(arguments: argparse.Namespace) -> int:
    """Say what would run on the date; 1 when it has passed."""
    from shared.db.simulation import simulate

    def work(session: Session, settings: Settings) -> dict[str, Any]:
        from deploy.simulation_table import simulation_report

        found = simulate(session, settings.business, arguments.date, batch_size=settings.batch_size)
        return simulation_report(found, settings.batch_size)

    report = _perform(work)
    if arguments.json:
        print(json.dumps(report))
        return 0
    from rich.console import Console

    from deploy.simulation_table import simulation_notes, simulation_table, simulation_title

    console = Console(highlight=False)
    console.print(simulation_title(report), markup=False)
    console.print(simulation_table(report))
    for note in simulation_notes(report):
        console.print(note)
    return 0


def _show(arguments: argparse.Namespace, find: Callable[[Session, date], Run]) -> int:
    def work(session: Session, settings: Settings) -> Any:
        from api_service.schemas.run import RunSchema, present_run
        from shared.db.bookings import books_of
        from shared.db.clock import business_now

        run = find(session, arguments.date or business_now(session, settings.business).today)
        books = books_of(session, run.date, closed=run.status == "closed")
        return RunSchema().dump(present_run(run, books))

    _print(_perform(work), as_json=arguments.json)
    return 0


def _perform(work: Callable[[Session, Settings], T]) -> T:
    from deploy.cli.connections import open_database
    from shared.db.engine import make_sessions
    from shared.db.errors import perform
    from shared.log import configure_logging
    from shared.settings import read_settings

    settings = read_settings(needs=NEEDS)
    configure_logging(settings.log_format, "WARNING")
    with open_database(settings) as engine:
        return perform(make_sessions(engine), lambda session: work(session, settings))


def _print(run: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(run))
        return
    from rich.console import Console

    from deploy.run_table import run_table, run_title

    console = Console(highlight=False)
    console.print(run_title(run), markup=False)
    console.print(run_table(run))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-03-31") from None
