"""`payday dispatch`: one tick of the dispatcher by hand, the same that beat sends."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from deploy.cli.refusal import CANNOT_START, Refusal

if TYPE_CHECKING:
    from worker_service.dispatch import Tick

NEEDS = frozenset({"DATABASE_URL", "CELERY_BROKER_URL"})


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `dispatch`."""
    parser = subparsers.add_parser(
        "dispatch",
        help="one tick of the dispatcher",
        description="Plans the days that are due, closes those that are over, and wakes workers; then ends.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Tick once; 0, or 2 when a server is missing."""
    from deploy.cli.connections import open_database
    from shared.log import configure_logging
    from shared.settings import read_settings

    settings = read_settings(needs=NEEDS)
    configure_logging(settings.log_format, "WARNING")
    # Only now: the Celery application reads its settings when it is imported.
    from worker_service import celery_app, dispatch, readiness, tasks
    from worker_service.service import Service

    found = readiness.broker_answers(settings.broker_url, celery_app.ping)
    if not found.ok:
        raise Refusal(found.detail, CANNOT_START)
    with open_database(settings) as engine:
        tick = dispatch.tick(Service(settings, engine), tasks.publish)
    _print(tick, as_json=arguments.json)
    return 0


def _print(tick: Tick, *, as_json: bool) -> None:
    planned, closed = ([str(day) for day in days] for days in (tick.planned, tick.closed))
    if as_json:
        print(json.dumps({"planned": planned, "closed": closed, "published": tick.published}))
        return
    print(f"planned:   {', '.join(planned) or 'nothing'}")
    print(f"closed:    {', '.join(closed) or 'nothing'}")
    print(f"published: {len(tick.published)} batches")
