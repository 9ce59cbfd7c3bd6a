"""A POST's effect happens once, however often it is sent: see `shared.db.idempotency`."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, g, request

from api_service.auth.bearer import current_caller
from api_service.json_body import fingerprint
from api_service.service import current_service
from shared.db import idempotency
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.errors import perform
from shared.db.idempotency import Scope, StoredAnswer


def once(key: str, effect: Callable[[Session], StoredAnswer]) -> Response:
    """Answers what `effect` did, or what it did the first time. Only what commits is stored."""
    scope, mark = Scope(current_caller().sub, _operation(), key), fingerprint()

    def work(session: Session) -> tuple[StoredAnswer, bool]:
        stored = idempotency.enter(session, scope, mark)
        if stored is not None:
            return stored, True
        answer = effect(session)
        idempotency.keep(session, scope, mark, answer)
        return answer, False

    answer, replayed = perform(current_service().sessions, work)
    response = Response(answer.body, answer.status, answer.headers, mimetype="application/json")
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def current_act() -> Act:
    """Who changes something in this request, for the audit."""
    return Act(current_caller().sub, g.request_id)


def _operation() -> str:
    query = request.query_string.decode("ascii", "backslashreplace")
    return f"{request.method} {request.path}" + (f"?{query}" if query else "")
