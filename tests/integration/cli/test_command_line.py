from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.cli.commands import MODULES
from tests.integration.cli.command import REPOSITORY, Payday

COMMANDS = [
    ["demo"],
    ["services"],
    ["sandbox-bank"],
    ["sandbox-receiver"],
    ["db"],
    ["db", "upgrade"],
    ["db", "check"],
    ["dispatch"],
    ["run"],
    ["run", "status"],
    ["run", "pause"],
    ["run", "close"],
    ["reconcile"],
    ["notices"],
    ["notices", "list"],
    ["notices", "replay"],
    ["preview"],
    ["calendar"],
    *(["calendar", action] for action in ("show", "close", "open", "clear", "refresh")),
    ["audit"],
    ["audit", "verify"],
    ["openapi"],
    ["token"],
    ["doctor"],
]
HEAVY = ["sqlalchemy", "celery", "flask", "marshmallow", "psycopg2", "requests"]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(payday_inside: Payday, words: list[str]) -> None:
    finished = payday_inside(*words, "--help")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith(f"usage: payday {' '.join(words)} ")


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from parsers(child)


def test_every_option_has_its_sentence() -> None:
    from deploy.cli.commands import _parser

    found = [
        (parser.prog, action.dest, action.help)
        for parser in parsers(_parser([]))
        for action in parser._actions
        # Bank and receiver explain their own options.
        if not isinstance(action, argparse._SubParsersAction) and not parser.prog.startswith("payday sandbox-")
    ]
    assert len(found) > 20
    assert [option for option in found if not option[2]] == []


def test_help_lists_every_command_there_is(payday_inside: Payday) -> None:
    printed = payday_inside("--help").stdout
    assert [command for command in MODULES if f"\n    {command}" not in printed] == []
    assert {words[0] for words in COMMANDS} == set(MODULES)


@pytest.mark.parametrize("words", [["nonsense"], ["run", "stop"], ["run", "status", "--date", "31.3."], []])
def test_misuse_ends_with_2_and_the_usage(payday_inside: Payday, words: list[str]) -> None:
    finished = payday_inside(*words)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith("usage: payday")


def test_a_token_is_printed_without_loading_what_only_servers_need() -> None:
    source = f"""
import sys
from deploy.cli.main import main
main(["token", "--sub", "me"])
print([name for name in {HEAVY} if name in sys.modules and name not in ("requests",)])
"""
    printed = subprocess.run([sys.executable, "-c", source], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert printed.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f'"{sys.executable}" -m deploy.cli doctor | true'
    finished = subprocess.run(["/bin/sh", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert finished.stderr == ""
