"""Checking the whole audit against its chain, page by page: no transaction lasts, and memory does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from shared.db import audit_rows
from shared.db.audit_rows import LATE_SECONDS, Unsealed
from shared.db.engine import Session, Sessions
from shared.db.retrying import transact
from shared.domain.chain import Fault, FaultKind, Head, HeadsSeen, Link, first_fault
from shared.domain.sealing import Seal

PAGE: Final = 5_000
"""Links read in one transaction."""
RANGE: Final = 50_000
"""Rows among which those without a seal are looked for in one transaction."""
HEADS: Final = 1_000

Progress = Callable[[int], None]
"""Told how many links were checked so far, after each page."""


class Verdict(NamedTuple):
    """What was found. `checked`: sound links; `waiting`: rows that wait for their seal, the oldest for `seconds`."""

    fault: Fault | None
    checked: int
    last: Seal | None
    heads: int
    waiting: int
    seconds: float | None


def verify(sessions: Sessions, heads: Iterable[Head], progress: Progress) -> Verdict:
    """Follows the chain, compares the heads that were noted, and looks for rows that have no seal.

    Of several faults, the first in the chain is named; then what the heads say; then rows that were never sealed.
    """
    seen = _compare(sessions, heads)  # first: heads that cannot be read are said at once
    sound = _Sound(progress)
    broken = first_fault(_links(sessions), sound.passed)
    unsealed = _unsealed(sessions)
    if broken is not None and broken.kind is FaultKind.SEAL_REMOVED:
        # The row that lost its seal is still there, unless it was removed with it.
        broken = broken._replace(audit_id=unsealed.forgotten)
    fault = broken or seen.fault or _never_sealed(sessions, unsealed)
    return Verdict(fault, sound.count, sound.last, seen.count, unsealed.waiting, unsealed.seconds)


class _Sound:
    """The part of the chain that was found sound so far."""

    def __init__(self, progress: Progress) -> None:
        self.count = 0
        self.last: Seal | None = None
        self._progress = progress

    def passed(self, seal: Seal) -> None:
        self.last = seal
        self.count += 1
        if self.count % PAGE == 0:
            self._progress(self.count)


def _links(sessions: Sessions) -> Iterator[Link]:
    """All links, also those that are added meanwhile. What stands is never changed, so pages fit together."""
    after = 0
    while page := transact(sessions, partial(_page, after=after)):
        yield from page
        after = page[-1].seal.position


def _page(session: Session, after: int) -> list[Link]:
    seals = audit_rows.seals(session, after=after, most=PAGE)
    rows = audit_rows.rows(session, [seal.audit_id for seal in seals])
    return [Link(seal, rows.get(seal.audit_id)) for seal in seals]


def _compare(sessions: Sessions, heads: Iterable[Head]) -> HeadsSeen:
    seen, following = HeadsSeen(transact(sessions, audit_rows.head)), iter(heads)
    while part := list(islice(following, HEADS)):
        positions = [head.position for head in part]
        there = transact(sessions, partial(audit_rows.hashes, positions=positions))
        for head in part:
            seen.compare(head, there.get(head.position))
    return seen


def _unsealed(sessions: Sessions) -> Unsealed:
    """Over the whole audit."""
    found, after = Unsealed(0, None, None, None), None
    while part := transact(sessions, partial(audit_rows.part, after=after, most=RANGE)):
        first, after = part
        found = _joined(found, transact(sessions, partial(audit_rows.unsealed, first=first, last=after)))
    return found


def _joined(earlier: Unsealed, later: Unsealed) -> Unsealed:
    """Of two ranges, the earlier one first."""
    return Unsealed(
        earlier.waiting + later.waiting,
        max((part.seconds for part in (earlier, later) if part.seconds is not None), default=None),
        earlier.first_waiting if earlier.first_waiting is not None else later.first_waiting,
        earlier.forgotten if earlier.forgotten is not None else later.forgotten,
    )


def _never_sealed(sessions: Sessions, unsealed: Unsealed) -> Fault | None:
    gone = transact(sessions, audit_rows.gone)
    if gone is not None:
        return Fault(FaultKind.REMOVED_UNSEALED, None, gone, "it was removed before it was sealed")
    if unsealed.forgotten is not None:
        return Fault(FaultKind.NEVER_SEALED, None, unsealed.forgotten, "it has no seal, and does not wait for one")
    if unsealed.seconds is not None and unsealed.seconds > LATE_SECONDS:
        detail = f"it and {unsealed.waiting - 1:,} others are not sealed yet, for {unsealed.seconds:,.0f} s"
        return Fault(FaultKind.LATE, None, unsealed.first_waiting, detail)
    return None
