"""The bearer token of a request (RFC 6750), and whether its scopes are enough."""

from __future__ import annotations

from flask import g, request

from api_service.auth.caller import Caller
from api_service.auth.tokens import InvalidToken
from api_service.problems import Problem
from api_service.service import current_service


def authorise(scopes: tuple[str, ...]) -> Caller:
    """The caller of this request, who has one of `scopes`. Raises Problem 401 or 403."""
    caller = _authenticate()
    if not caller.scopes.intersection(scopes):
        wanted = " or ".join(scopes)
        challenge = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'
        raise Problem(403, "scope_missing", f"This needs the scope {wanted}.", headers={"WWW-Authenticate": challenge})
    return caller


def current_caller() -> Caller:
    """Who makes this request; authorised already."""
    caller: Caller = g.caller
    return caller


def _authenticate() -> Caller:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(401, "token_missing", "A bearer token is needed.", headers={"WWW-Authenticate": "Bearer"})
    try:
        return current_service().tokens.verify(token.strip(" "))
    except InvalidToken as error:
        detail = str(error)
        raise Problem(
            401,
            "token_invalid",
            f"{detail[:1].upper()}{detail[1:]}.",
            headers={"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{detail}"'},
        ) from None
