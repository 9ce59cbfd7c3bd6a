"""The audit: who changed what, for whom. Rows are added in the transaction of the change, and never touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import insert

from shared.db.engine import Session
from shared.db.models import Audit


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes something, and the request in which it happens."""

    actor: str
    request_id: str | None


PRODUCT: Final = Act("payday", None)
"""Who acts where nobody asked."""


def record(
    session: Session,
    act: Act,
    action: str,
    *,
    subject: str,
    subject_id: object,
    payer_id: str | None,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Adds a row; `before` and `after` hold JSON values of what changed."""
    session.execute(
        insert(Audit).values(
            actor=act.actor,
            request_id=act.request_id,
            action=action,
            subject=subject,
            subject_id=str(subject_id),
            payer_id=payer_id,
            before=before,
            after=after,
        )
    )
