"""`payday notices`: what was not told, and how it is told again."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from deploy.cli.refusal import CANNOT_START, Refusal

if TYPE_CHECKING:
    from shared.db.engine import Session
    from shared.settings import Settings

NEEDS = frozenset({"DATABASE_URL"})


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands `notices list` and `notices replay`."""
    parser = subparsers.add_parser("notices", help="see notices that could not be delivered, and send them again")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    shown = actions.add_parser(
        "list",
        help="see dead letters",
        description="Shows what was given up after a day and a half of tries, or because the receiver wants no more.",
    )
    shown.add_argument("--all", action="store_true", help="show also what waits to be sent")
    shown.add_argument("--json", action="store_true", help="print one JSON object")
    shown.set_defaults(run=run_list)
    again = actions.add_parser(
        "replay",
        help="send dead letters again",
        description="Dead letters wait again as if they had never been tried, and a receiver that wanted no more (410),"
        " or asked for a long wait, is called again.",
    )
    again.add_argument("ids", nargs="*", type=_id, metavar="ID", help="as `payday notices list` shows it")
    again.add_argument("--all", action="store_true", help="all there are")
    again.set_defaults(run=run_replay)


def run_list(arguments: argparse.Namespace) -> int:
    """Show them."""
    from deploy.cli import notices_report as report

    def work(session: Session, settings: Settings) -> dict[str, Any]:
        from shared.db import outbox_list, receivers

        url = settings.notify.url if settings.notify else None
        rows = outbox_list.listed(session, whole=arguments.all)
        return report.notices_report(outbox_list.state(session), rows, receivers.gone_since(session, url))

    found = _perform(work)
    if arguments.json:
        print(json.dumps(found))
        return 0
    from rich.console import Console

    console = Console(highlight=False)
    for line in report.notices_summary(found):
        console.print(line, markup=False)
    if found["rows"]:
        console.print(report.notices_table(found))
    return 0


def run_replay(arguments: argparse.Namespace) -> int:
    """Let them wait again; 2 when an id is no dead letter's, and then nothing is changed."""
    if arguments.all == bool(arguments.ids):
        raise Refusal("name the dead letters to send again, or all of them with --all", CANNOT_START)

    def work(session: Session, settings: Settings) -> int:
        from shared.db import outbox_list
        from shared.db.audit import OPERATOR

        unknown = sorted(set(arguments.ids) - outbox_list.dead(session, arguments.ids))
        if unknown:
            named = ", ".join(map(str, unknown))
            raise Refusal(f"no dead letter has the id {named}; see `payday notices list`", CANNOT_START)
        return outbox_list.replay(session, OPERATOR, None if arguments.all else arguments.ids)

    count = _perform(work)
    print(f"{count:,} dead letter{'s' * (count != 1)} will be sent again")
    return 0


def _perform(work: Any) -> Any:
    from deploy.cli.connections import open_database
    from shared.db.engine import make_sessions
    from shared.db.errors import perform
    from shared.log import configure_logging
    from shared.settings import read_settings

    settings = read_settings(needs=NEEDS)
    configure_logging(settings.log_format, "WARNING")
    with open_database(settings) as engine:
        return perform(make_sessions(engine), lambda session: work(session, settings))


def _id(given: str) -> int:
    if not (given.isascii() and given.isdigit() and 0 < int(given) < 2**63):
        raise argparse.ArgumentTypeError(f"{given!r} is no id such as 42")
    return int(given)
