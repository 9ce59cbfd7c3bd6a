"""`payday db`: brings the database to this version's schema, or says whether it is there."""

from __future__ import annotations

import argparse
import json

NEEDS = frozenset({"DATABASE_URL"})


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands `db upgrade` and `db check`."""
    parser = subparsers.add_parser("db", help="migrate the database, or compare it with this version")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    upgrade = actions.add_parser(
        "upgrade",
        help="migrate to this version's schema",
        description="Migrates the database at DATABASE_URL and makes partitions ahead; safe to run again.",
    )
    upgrade.set_defaults(run=run_upgrade)
    check = actions.add_parser(
        "check",
        help="compare with this version's schema",
        description="Ends with 0 when the database is at this version's schema, with 1 when it is not.",
    )
    check.set_defaults(run=run_check)
    for action in (upgrade, check):
        action.add_argument("--json", action="store_true", help="print one JSON object")


def run_upgrade(arguments: argparse.Namespace) -> int:
    """Migrate; 0, or 2 when there is no database."""
    from deploy.cli.connections import refuse_unreachable
    from deploy.cli.refusal import Refusal
    from shared.db import migrate
    from shared.db.retrying import DatabaseError
    from shared.settings import read_settings

    settings = read_settings(needs=NEEDS)
    refuse_unreachable(settings)
    try:
        revision = migrate.upgrade(settings.database_url)
    except DatabaseError as error:
        raise Refusal(f"the migration failed: {str(error.orig).strip().splitlines()[0]}") from error
    return _report(arguments, revision, revision)


def run_check(arguments: argparse.Namespace) -> int:
    """Compare; 0, 1 when the schema is another, or 2 when there is no database."""
    from deploy.cli.connections import revisions
    from shared.settings import read_settings

    return _report(arguments, *revisions(read_settings(needs=NEEDS)))


def _report(arguments: argparse.Namespace, present: str | None, head: str) -> int:
    if arguments.json:
        print(json.dumps({"revision": present, "head": head, "current": present == head}))
    elif present == head:
        print(f"the database is at {head}, as it should be")
    else:
        print(f"the database is at {present or 'nothing'}, not at {head}; run `payday db upgrade`")
    return 0 if present == head else 1
