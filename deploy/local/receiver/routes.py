"""Which request gets which answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from deploy.local.bank.messages import Reply, Request, Response, json_response
from deploy.local.receiver.fault import FaultInForce, FaultRefused, read_fault
from deploy.local.receiver.intake import Intake
from deploy.local.receiver.journal import Journal
from deploy.local.receiver.page import page_of
from deploy.local.receiver.tally import Tally

NOTICES: Final = "/notices"


class Routes:
    """Actions by path and method."""

    def __init__(self, intake: Intake, journal: Journal, fault: FaultInForce) -> None:
        self._journal = journal
        self._tally = Tally(journal)
        self._fault = fault
        self._actions: dict[str, dict[str, Callable[[Request], Reply | Response]]] = {
            NOTICES: {"POST": intake.take, "GET": self._page},
            "/summary": {"GET": lambda _: json_response(HTTPStatus.OK, self._tally.summary())},
            "/fault": {"PUT": self._begin, "DELETE": self._heal},
            "/healthz": {"GET": lambda _: json_response(HTTPStatus.OK, {"status": "ok"})},
        }

    def __call__(self, request: Request) -> Reply:
        methods = self._actions.get(request.path)
        if methods is None:
            return Reply(json_response(HTTPStatus.NOT_FOUND, {"code": "no_such_path"}))
        action = methods.get(request.method)
        if action is None:
            allowed = (("Allow", ", ".join(methods)),)
            return Reply(Response(HTTPStatus.METHOD_NOT_ALLOWED, headers=allowed))
        answer = action(request)
        return answer if isinstance(answer, Reply) else Reply(answer)

    def _page(self, request: Request) -> Response:
        try:
            notices, following = page_of(self._journal, request.query.get("cursor", ""))
        except ValueError:
            return json_response(HTTPStatus.BAD_REQUEST, {"code": "cursor_invalid"})
        return json_response(HTTPStatus.OK, {"notices": notices, "nextCursor": following})

    def _begin(self, request: Request) -> Response:
        try:
            self._fault.begin(read_fault(json.loads(request.body or b"")))
        except ValueError:
            return json_response(HTTPStatus.BAD_REQUEST, {"code": "malformed"})
        except FaultRefused as problem:
            return json_response(HTTPStatus.UNPROCESSABLE_ENTITY, {"code": "fault_invalid", "detail": str(problem)})
        return Response(HTTPStatus.NO_CONTENT)

    def _heal(self, _: Request) -> Response:
        self._fault.heal()
        return Response(HTTPStatus.NO_CONTENT)
