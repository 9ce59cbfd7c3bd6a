"""`payday reconcile`: a day's transactions against the provider's record, both ways."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.cli.refusal import CANNOT_START, Refusal

if TYPE_CHECKING:
    from shared.domain.listed import Listed
    from worker_service.reconcile_span import Span
    from worker_service.service import Service

DIFFERENT = 1
"""Exit status when the two sides differ."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `reconcile`."""
    parser = subparsers.add_parser(
        "reconcile",
        help="compare a day with the provider's record",
        description="Compares a day's transactions with the provider's list of payments, or with its statement, both"
        " ways. Open payments that it decides are settled, and differences are kept for a person. Ends with 0 when both"
        " agree, 1 when they differ, 2 when they could not be compared.",
    )
    parser.add_argument("--date", type=_date, metavar="D", help="the day, YYYY-MM-DD (default: yesterday's)")
    parser.add_argument("--statement", type=Path, metavar="FILE", help="a CSV file instead of the provider's list")
    parser.add_argument("--dry-run", action="store_true", help="only look: settle nothing, keep nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare; 0, or 1 when there are differences."""
    from deploy.cli.connections import open_database
    from shared.log import configure_logging
    from shared.settings import read_settings

    needs = {"DATABASE_URL"} if arguments.statement else {"DATABASE_URL", "PROVIDER_URL"}
    settings = read_settings(needs=frozenset(needs))
    configure_logging(settings.log_format, "WARNING")
    from worker_service.service import Service

    with _refused(), open_database(settings) as engine:
        service = Service(settings, engine)
        try:
            found = _compare(service, arguments)
        finally:
            service.close()
    _print(found, as_json=arguments.json)
    return 0 if found["agrees"] else DIFFERENT


def _compare(service: Service, arguments: argparse.Namespace) -> dict[str, Any]:
    from deploy.cli.reconcile_report import reconcile_report
    from shared.db.audit import OPERATOR
    from worker_service.reconcile import reconcile
    from worker_service.reconcile_span import span_of

    statement, dry = arguments.statement, arguments.dry_run
    with ExitStack() as stack:
        span = span_of(service, arguments.date)
        record = _record(service, span, statement, stack)
        listed = statement is None
        report = reconcile(service, span, record, act=OPERATOR, neighbours=listed, dry=dry, progress=_tell)
    return reconcile_report(report, source="statement" if statement else "list", dry=dry)


def _record(service: Service, span: Span, statement: Path | None, stack: ExitStack) -> Iterable[Listed]:
    if statement is not None:
        from deploy.cli.statement_file import read_statement

        return read_statement(statement)
    from worker_service.gateway.listing import Listing
    from worker_service.pace import reserving

    reserve = reserving(service.settings, lambda: service.sessions)
    return stack.enter_context(Listing(service.settings.provider, reserve)).payments(span.first, span.last)


@contextmanager
def _refused() -> Iterator[None]:
    """Whatever keeps the two sides from being compared ends with 2: 1 says that they differ."""
    from deploy.cli.statement_file import StatementRefused
    from shared.domain.errors import DomainError
    from worker_service.gateway.listing import ListingFailed, NoList
    from worker_service.reconcile_span import DayToCome

    try:
        yield
    except NoList:
        message = "PROVIDER_URL: the provider has no list of its payments; give its statement with --statement FILE"
    except ListingFailed as error:
        message = f"PROVIDER_URL: the provider's list cannot be read: {error}"
    except StatementRefused as error:
        message = "\n  ".join(["--statement: the file is not used:", *error.problems])
    except DayToCome:
        message = "--date: that day has not begun"
    except DomainError as error:
        message = error.detail
    except OSError as error:
        message = f"its rows cannot be put aside: {error.strerror}"
    except Refusal as refusal:
        message = str(refusal)
    else:
        return
    raise Refusal(message, CANNOT_START)


def _tell(progress: str) -> None:
    print(f"payday: {progress}", file=sys.stderr, flush=True)


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    from rich.console import Console

    from deploy.cli import reconcile_report as shown

    console = Console(highlight=False)
    console.print(shown.reconcile_title(found), markup=False)
    console.print(shown.reconcile_totals(found))
    # Not by the console: a line that it breaks can no longer be copied into a shell.
    for lines in (shown.reconcile_notes, shown.reconcile_settled, shown.reconcile_differences):
        for line in lines(found):
            print(line)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-03-31") from None
