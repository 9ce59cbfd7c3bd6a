"""/v1/transactions"""

from __future__ import annotations

from typing import Any

from api_service.auth.caller import OPS, READ
from api_service.blueprint import Blueprint
from api_service.dated import filters_of, position
from api_service.examples import answered
from api_service.schemas.queries import DatedQuery
from api_service.schemas.transaction import TransactionPageSchema
from api_service.service import current_service
from shared.db import lists
from shared.db.errors import perform

blueprint = Blueprint("transactions", __name__, description="The payments that were made.")


@blueprint.operation("/v1/transactions", "GET", "listTransactions", scopes=(READ, OPS), also=(400,))
@blueprint.query(DatedQuery)
@blueprint.page(TransactionPageSchema, example=answered.TRANSACTION_PAGE)
def list_transactions(query: dict[str, Any]) -> dict[str, Any]:
    """List transactions by date."""
    service = current_service()
    filters = filters_of(query)
    after = service.cursors.read("transactions", query, position)
    rows = perform(
        service.sessions, lambda session: lists.transactions(session, filters, after=after, limit=query["limit"] + 1)
    )
    page, cursor = service.cursors.page("transactions", query, rows, lambda row: [row.date, row.id])
    return {"data": page, "next_cursor": cursor}
