"""The command line of the sandbox bank."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from deploy.local.bank.options import BankOptions, Mode
from deploy.local.bank.server import run_bank
from deploy.local.bank.spec_values import SpecRefused
from deploy.local.journal_file import JournalRefused

DEFAULT_PORT = 8090


def main(argv: list[str] | None = None) -> int:
    """Runs a bank until SIGTERM or SIGINT: 0. What it was given makes no sense: 2, with one line why."""
    given = _parser().parse_args(argv)
    try:
        run_bank(_options(given), _say_ready)
    except (JournalRefused, SpecRefused, OSError) as problem:
        sys.stderr.write(f"sandbox bank: {problem}\n")
        return 2
    return 0


def _say_ready(url: str) -> None:
    sys.stdout.write(f"sandbox bank ready on {url}\n")
    sys.stdout.flush()


def _options(given: argparse.Namespace) -> BankOptions:
    return BankOptions(
        host=given.host,
        port=given.port,
        mode=given.mode,
        token=given.token,
        key_window_seconds=given.key_window_seconds,
        record_seconds=given.record_seconds,
        processing_seconds=given.processing_seconds,
        latency_ms=given.latency_ms,
        journal=given.journal,
        fsync=given.fsync,
        seed=given.seed,
        max_batch=given.max_batch,
        faults=tuple(_faults(given.faults)) if given.faults else (),
        declines=dict(given.decline),
    )


def _faults(path: Path) -> list[object]:
    try:
        faults = json.loads(path.read_text())
    except ValueError as problem:
        raise SpecRefused(f"{path}: {problem}") from problem
    if not isinstance(faults, list):
        raise SpecRefused(f"{path}: faults are a list of objects")
    return faults


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="payday sandbox-bank",
        description="A payment provider to try things on: pays nobody, forgets nothing, fails as told.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=DEFAULT_PORT, help="port; 0 takes a free one")
    add("--mode", type=Mode, choices=list(Mode), default=Mode.KEY, help="what the bank does with a key")
    add("--token", default="", help="bearer token callers must send; empty: none is asked for")
    add("--key-window-seconds", type=float, default=86_400.0, help="how long a key is honoured")
    add("--record-seconds", type=float, help="how long a key can be asked about; the key window when not given")
    add("--processing-seconds", type=float, default=0.0, help="time between a send and its payment")
    add("--latency-ms", type=float, default=0.0, help="time each answer is kept back")
    add("--journal", type=Path, help="file of everything received and paid; a temporary one when not given")
    add("--fsync", action="store_true", help="the journal survives a loss of power, too")
    add("--seed", type=int, default=1, help="decides which requests a fault's share meets")
    add("--max-batch", type=int, default=10_000, help="most payments in one batch")
    add("--faults", type=Path, help="file with a JSON list of faults")
    add("--decline", type=_decline, action="append", default=[], metavar="PAYER=CODE", help="may be repeated")
    return parser


def _decline(text: str) -> tuple[str, str]:
    payer_id, sign, code = text.partition("=")
    if not (payer_id and sign and code):
        raise argparse.ArgumentTypeError("PAYER=CODE")
    return payer_id, code
