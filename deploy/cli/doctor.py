"""`payday doctor`: looks at what Payday needs, and says what is wrong."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker_service.check import Check


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `doctor`."""
    parser = subparsers.add_parser(
        "doctor",
        help="check versions, settings, database, broker, cache, partitions and clock",
        description="One line for each thing looked at; ends with 1 when something is bad. Changes nothing.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def _mark(check: Check) -> str:
    if check.warning:
        return "?  "
    return "ok " if check.ok else "BAD"


def _shown(check: Check) -> dict[str, object]:
    return {"name": check.name, "ok": check.ok, "detail": check.detail, "warning": check.warning}


def run(arguments: argparse.Namespace) -> int:
    """Look; 0 when all is well, 1 when something is bad."""
    from deploy.cli.checks import examine

    checks = []
    for check in examine():
        checks.append(check)
        if not arguments.json:
            print(f"{_mark(check)}  {check.name:<10}  {check.detail}", flush=True)
    well = all(check.ok for check in checks)
    if arguments.json:
        print(json.dumps({"ok": well, "checks": [_shown(check) for check in checks]}))
    return 0 if well else 1
