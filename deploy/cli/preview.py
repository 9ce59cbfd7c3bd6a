"""`payday preview`: the dates and amounts of a schedule, without a server."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from deploy.cli.refusal import CANNOT_START, Refusal
from shared.domain.errors import Invalid

STANDARD_INPUT = "-"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `preview`."""
    parser = subparsers.add_parser(
        "preview",
        help="say when a schedule would pay",
        description="Reads one JSON body of POST /v1/schedules/preview and prints its answer. It needs no server and no"
        " setting: holidays come from the library, and no date is late.",
    )
    parser.add_argument(
        "file",
        nargs="?",
        default=STANDARD_INPUT,
        metavar="FILE",
        help="the body; - or nothing: standard input",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the answer; 2 for a body that is refused, with what is wrong in it."""
    from api_service.json_body import parse
    from api_service.preview import answer, read_preview
    from api_service.problems import Problem
    from shared.holiday_library import calendar_of
    from shared.settings import read_settings

    try:
        asked = read_preview(parse(_content(arguments.file)), None, read_settings({}))
        answered = answer(asked, {asked.rule.calendar: calendar_of(asked.rule.calendar)})
    except Problem as problem:
        raise Refusal(problem.detail, CANNOT_START) from None
    except Invalid as error:
        raise Refusal(_listing(error), CANNOT_START) from None
    _print(answered)
    return 0


def _content(file: str) -> bytes:
    from api_service.json_body import MAX_BODY_BYTES

    try:
        if file == STANDARD_INPUT:
            content = sys.stdin.buffer.read(MAX_BODY_BYTES + 1)
        else:
            with Path(file).open("rb") as source:
                content = source.read(MAX_BODY_BYTES + 1)
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}; name a file with one JSON body", CANNOT_START) from None
    if len(content) > MAX_BODY_BYTES:
        raise Refusal("the body is larger than 64 KiB", CANNOT_START)
    return content


def _listing(error: Invalid) -> str:
    problems = (f"  {problem.pointer or 'the body'}: {problem.detail}" for problem in error.problems)
    return "\n".join(("the body cannot be previewed:", *problems))


def _print(answered: Any) -> None:
    # A terminal that is not UTF-8 gets "\\u00a3" for the pound sign, which is the same JSON.
    is_utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    print(json.dumps(answered, indent=2, ensure_ascii=not is_utf8))
