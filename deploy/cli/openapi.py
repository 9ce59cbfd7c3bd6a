"""`payday openapi`: the API's document, without a server."""

from __future__ import annotations

import argparse
import json

NO_DATABASE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
"""The document asks none, whatever the app would."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `openapi`."""
    parser = subparsers.add_parser(
        "openapi",
        help="print the API's document",
        description="Prints what /openapi.json serves, sorted, so that two versions can be compared. It needs no server"
        " and no setting.",
    )
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Print it."""
    print(document_text(), end="")
    return 0


def document_text() -> str:
    """The document that this code serves, sorted by name, in ASCII, with a newline at the end."""
    from api_service.app import create_app
    from shared.db.engine import make_engine, make_sessions
    from shared.settings import read_settings

    settings = read_settings(NO_DATABASE)
    app = create_app(settings, make_sessions(make_engine(settings.database_url, pool_size=1)))
    with app.test_request_context():  # the view alone: a whole request would write a line to the log
        served = app.ensure_sync(app.view_functions["docs.openapi"])().get_data()
    return json.dumps(json.loads(served), indent=1, sort_keys=True) + "\n"
