"""/v1/reconcile-items"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from api_service.auth.caller import OPS
from api_service.blueprint import Blueprint
from api_service.examples import answered
from api_service.schemas.reconcile_item import ReconcileItemPageSchema, ReconcileItemsQuery
from api_service.service import current_service
from shared.db import reconcile_items
from shared.db.engine import Session
from shared.db.errors import perform

blueprint = Blueprint("reconcile items", __name__, description="Differences with the provider's record, for operators.")


@blueprint.operation("/v1/reconcile-items", "GET", "listReconcileItems", scopes=(OPS,), also=(400,))
@blueprint.query(ReconcileItemsQuery)
@blueprint.page(ReconcileItemPageSchema, example=answered.RECONCILE_ITEM_PAGE)
def list_items(query: dict[str, Any]) -> dict[str, Any]:
    """List differences, newest first; what a failed or unknown event comes to is said by resolving the event."""
    service = current_service()
    before = service.cursors.read("reconcile-items", query, UUID)

    def read(session: Session) -> dict[str, Any]:
        rows = reconcile_items.page(
            session, is_open=query["open"], day=query["day"], before=before, limit=query["limit"] + 1
        )
        page, cursor = service.cursors.page("reconcile-items", query, rows, lambda row: [row.id])
        return {"data": page, "next_cursor": cursor}

    return perform(service.sessions, read)
