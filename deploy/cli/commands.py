"""The commands: one module each, and one place that turns errors into exit statuses."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from deploy.cli.refusal import CANNOT_START, Refusal
from shared.domain.errors import DomainError
from shared.settings import SettingsError

MODULES = {
    "demo": "demo",
    "services": "services",
    "sandbox-bank": "sandbox_bank",
    "sandbox-receiver": "sandbox_receiver",
    "db": "db",
    "dispatch": "dispatch",
    "run": "run",
    "reconcile": "reconcile",
    "notices": "notices",
    "preview": "preview",
    "calendar": "calendars",
    "audit": "audit",
    "openapi": "openapi",
    "token": "token",
    "doctor": "doctor",
}
"""Each command's module, which has `add_parser`; a command's own imports wait until it runs."""


def run_command(words: Sequence[str]) -> int:
    """Runs the command of these words; its exit status, with what went wrong on standard error."""
    arguments = _parser(words).parse_args(words)
    try:
        status: int = arguments.run(arguments)
    except SettingsError as error:
        _complain("payday cannot start:", *(f"  {problem}" for problem in error.problems))
        return CANNOT_START
    except Refusal as refusal:
        _complain(f"payday: {refusal}")
        return refusal.exit_status
    except DomainError as error:
        _complain(f"payday: {error.detail}")
        return 1
    return status


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; when the command is plain, only that command's module is loaded."""
    parser = argparse.ArgumentParser(prog="payday", description="Pays each scheduled payment on its date, once.")
    parser.add_argument("--version", action="version", version=f"payday {version('payday')}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    named = words[0] if words else ""
    for command in [named] if named in MODULES else MODULES:
        import_module(f"deploy.cli.{MODULES[command]}").add_parser(subparsers)
    return parser


def _complain(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
