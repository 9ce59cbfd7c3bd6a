"""The heads of the audit's chain that a log holds, which our workers wrote with `LOG_FORMAT=json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from deploy.cli.refusal import CANNOT_START, Refusal
from shared.domain.chain import Head
from shared.domain.sealing import HASH_BYTES

EVENT = "audit sealed"
LONGEST_LINE = 100_000
POSITION_MOST = 2**63 - 1


def read_heads(path: Path) -> Iterator[Head]:
    """Every head of a log, in its order; other lines, and what a log collector put before a line, are left alone.

    Raises Refusal for a file that cannot be read, that holds no head, or a head that is none.
    """
    count = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
                head = _head_of(line, f"--heads: {path}, line {number}")
                if head is not None:
                    count += 1
                    yield head
    except OSError as error:
        raise Refusal(f"--heads: {path} cannot be read: {error.strerror}", CANNOT_START) from error
    if not count:
        raise Refusal(
            f"--heads: {path} holds no head; give the workers' log, written with LOG_FORMAT=json and LOG_LEVEL=INFO",
            CANNOT_START,
        )


def make_head(position: object, hash_text: object) -> Head | None:
    """A head of its parts; None if they make none."""
    if not isinstance(position, int) or not 1 <= position <= POSITION_MOST or not isinstance(hash_text, str):
        return None
    try:
        noted = bytes.fromhex(hash_text)
    except ValueError:
        return None
    return Head(position, noted) if len(noted) == HASH_BYTES else None


def _head_of(line: bytes, place: str) -> Head | None:
    if EVENT.encode() not in line:
        return None
    try:
        said = json.loads(line[line.index(b"{") :])
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("event") != EVENT:
        return None
    head = make_head(said.get("position"), said.get("hash"))
    if head is None:
        raise Refusal(f"{place}: its position and hash are no head", CANNOT_START)
    return head
