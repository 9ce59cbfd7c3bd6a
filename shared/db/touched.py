"""Whose events a transaction may have changed: for those who keep answers about them, and must forget these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

from sqlalchemy.orm import Session

Forget = Callable[[Collection[str]], None]
"""Is given the payers once the transaction is over, however it ended: a commit that raised may have happened."""

TOUCHED: Final = "touched payers"
FORGET: Final = "forget"
NOTICES: Final = "notices"
"""Whether payers and payees are told of what a transaction changes."""


def touch(session: Session, payers: Iterable[str]) -> None:
    """Notes that events of these payers may change in this transaction."""
    session.info.setdefault(TOUCHED, set()).update(payers)


def touched(session: Session) -> frozenset[str]:
    """Whose events may have changed so far."""
    return frozenset(session.info.get(TOUCHED, ()))


def tell(session: Session) -> None:
    """Tells whoever made these sessions. Raises what that raises."""
    payers, forget = touched(session), session.info.get(FORGET)
    if payers and forget is not None:
        forget(payers)
