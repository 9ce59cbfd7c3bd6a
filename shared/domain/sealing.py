"""How a row of the audit becomes a link of a chain: its bytes, and the hash over them and all that came before.

Whoever wants to check the chain without this code needs only this file: the bytes are ASCII, the hash is SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final, NamedTuple

FORMAT: Final = "payday audit 1"
"""Begins the bytes of every row; another way to write a row would need another one."""
HASH_BYTES: Final = 32
GENESIS: Final = bytes(HASH_BYTES)
"""What the first link follows."""
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


class AuditRow(NamedTuple):
    """A row of the audit as PostgreSQL shows it.

    `at`: seconds since 1970 UTC with six decimals. `before` and `after`: the text of the jsonb, of which each value
    has exactly one (its keys in PostgreSQL's order, its numbers with all their digits); None is SQL's NULL.
    """

    id: int
    at: str
    actor: str
    payer_id: str | None
    action: str
    subject: str
    subject_id: str
    before: str | None
    after: str | None
    request_id: str | None


class Seal(NamedTuple):
    """A link: which row stands at which position (1, 2, …) of the chain; `sealed_at` is written as `AuditRow.at`."""

    position: int
    audit_id: int
    hash: bytes
    sealed_at: str


def canonical(row: AuditRow, position: int, sealed_at: str) -> bytes:
    """The bytes of a row at its place: a JSON array, so that no two rows have the same ones.

    Text is escaped and quoted, so nothing runs into its neighbour; NULL is `null`, an empty text `""`.
    """
    return _ENCODER.encode([FORMAT, position, sealed_at, *row]).encode("ascii")


def hash_of(previous: bytes, row: AuditRow, position: int, sealed_at: str) -> bytes:
    """The hash of a link, given the hash of the one before it (`GENESIS` before the first)."""
    return hashlib.sha256(previous + canonical(row, position, sealed_at)).digest()


def seal(previous: Seal | None, row: AuditRow, sealed_at: str) -> Seal:
    """The link that puts a row at the end of the chain; `previous`: the present end, None of an empty chain."""
    before, position = (GENESIS, 1) if previous is None else (previous.hash, previous.position + 1)
    return Seal(position, row.id, hash_of(before, row, position, sealed_at), sealed_at)
