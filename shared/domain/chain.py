"""Whether the audit's chain is whole, and where it is not: the first row that was changed, removed or cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from shared.domain.sealing import GENESIS, AuditRow, Seal, hash_of


class FaultKind(StrEnum):
    """What can be wrong with the audit."""

    CHANGED = "changed"
    SEAL_CHANGED = "seal_changed"
    REMOVED = "removed"
    SEAL_REMOVED = "seal_removed"
    CUT_OFF = "cut_off"
    REWRITTEN = "rewritten"
    REMOVED_UNSEALED = "removed_unsealed"
    NEVER_SEALED = "never_sealed"
    LATE = "late"


class Fault(NamedTuple):
    """What is wrong first: `position` in the chain and `audit_id` of the row, each None where there is none."""

    kind: FaultKind
    position: int | None
    audit_id: int | None
    detail: str


class Head(NamedTuple):
    """An end that the chain once had, as it was noted outside the database."""

    position: int
    hash: bytes


class Link(NamedTuple):
    """A seal with its row; None: the row is not there."""

    seal: Seal
    row: AuditRow | None


def first_fault(links: Iterable[Link], passed: Callable[[Seal], None]) -> Fault | None:
    """Follows the chain from its first link, in the order of positions; tells `passed` of each sound one."""
    following = iter(links)
    last: Seal | None = None
    for link in following:
        fault = _missing(last, link) or _contradiction(last, link, following)
        if fault is not None:
            return fault
        last = link.seal
        passed(last)
    return None


def _missing(last: Seal | None, link: Link) -> Fault | None:
    """A link that is not there, or whose row is not."""
    seal, expected = link.seal, 1 if last is None else last.position + 1
    if seal.position != expected:
        gone = f"the seal at position {expected} is gone" if seal.position == expected + 1 else (
            f"the seals at positions {expected} to {seal.position - 1} are gone"
        )  # fmt: skip
        between = f"before row {seal.audit_id}" if last is None else f"between rows {last.audit_id} and {seal.audit_id}"
        return Fault(FaultKind.SEAL_REMOVED, expected, None, f"{gone}, {between}")
    if link.row is None:
        return Fault(FaultKind.REMOVED, seal.position, seal.audit_id, "its seal stands, and the row is gone")
    return None


def _contradiction(last: Seal | None, link: Link, following: Iterator[Link]) -> Fault | None:
    """A link that is not what it was. What follows it tells which side was changed: it was made of the true hash."""
    seal = link.seal
    found = _hash(GENESIS if last is None else last.hash, link)
    if found == seal.hash:
        return None
    after = next(following, None)
    if after is not None and _hash(seal.hash, after) == after.seal.hash:
        return Fault(FaultKind.CHANGED, seal.position, seal.audit_id, "it is not what was sealed")
    if after is not None and _hash(found, after) == after.seal.hash:
        return Fault(FaultKind.SEAL_CHANGED, seal.position, seal.audit_id, "the row is right, its seal was changed")
    return Fault(FaultKind.CHANGED, seal.position, seal.audit_id, "it does not follow from the one before it")


def _hash(previous: bytes, link: Link) -> bytes:
    if link.row is None:
        return b""
    return hash_of(previous, link.row, link.seal.position, link.seal.sealed_at)


class HeadsSeen:
    """Compares ends that were noted with the chain that is there, each once and in any order."""

    def __init__(self, last: Seal | None) -> None:
        self.count = 0
        self.fault: Fault | None = None
        self._end = 0 if last is None else last.position
        self._after = "nothing is left" if last is None else f"the last one left is row {last.audit_id}"
        self._agreed = 0

    def compare(self, head: Head, there: bytes | None) -> None:
        """`there`: the hash that the chain has at the head's position now; None: it has none."""
        self.count += 1
        if there == head.hash:
            self._agreed = max(self._agreed, head.position)
        elif there is None:
            detail = f"the chain once reached position {head.position}; {self._after}, at position {self._end}"
            self._take(Fault(FaultKind.CUT_OFF, min(head.position, self._end + 1), None, detail))
        else:
            since = self._agreed if self._agreed < head.position else 0
            detail = f"the chain had another hash here: it was written anew somewhere after position {since}"
            self._take(Fault(FaultKind.REWRITTEN, head.position, None, detail))

    def _take(self, fault: Fault) -> None:
        if self.fault is None or (fault.position or 0) < (self.fault.position or 0):
            self.fault = fault
