"""Which request gets which answer."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from deploy.local.bank.messages import Reply, Request, Response, json_response
from deploy.local.bank.outage import Outage

Action = Callable[[Request], Reply | Response]
Methods = Mapping[str, Action]


class Refused(Exception):
    """The request is answered with this and does nothing."""

    def __init__(self, status: int, **content: object) -> None:
        super().__init__(content)
        self.response = json_response(status, content)


class Routes:
    """Actions by path and method. What begins with /payments is the bank itself: it wants the token, and is
    away when the bank is."""

    def __init__(self, methods_by_path: Mapping[str, Methods], token: str, outage: Outage) -> None:
        self._methods = methods_by_path
        self._token = token
        self._outage = outage

    def __call__(self, request: Request) -> Reply:
        try:
            answer = self._action(request)(request)
        except Refused as refused:
            answer = refused.response
        return answer if isinstance(answer, Reply) else Reply(answer)

    def _action(self, request: Request) -> Action:
        methods = self._methods.get(request.path)
        if methods is None and request.path.startswith("/payments/") and request.path != "/payments/":
            methods = self._methods["/payments/*"]
        if methods is None:
            raise Refused(404, code="no_such_path")
        action = methods.get(request.method)
        if action is None:
            allowed = (("Allow", ", ".join(methods)),)
            body = b"" if request.method == "HEAD" else b'{"code":"method_not_allowed"}'
            return lambda _: Response(405, body, allowed)
        if request.path.startswith("/payments"):
            self._check_token(request)
            if away := self._outage.refusal():
                return lambda _: away
        return action

    def _check_token(self, request: Request) -> None:
        if not self._token:
            return
        scheme, _, token = request.header(b"authorization").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused(401, code="token_missing")
        if not hmac.compare_digest(token.strip().encode(), self._token.encode()):
            raise Refused(403, code="token_wrong")
