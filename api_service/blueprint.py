"""flask-smorest's blueprint with types, our reading of requests, and authorisation beside the document of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

import flask_smorest
from flask import Response, g, make_response
from marshmallow import Schema

from api_service.auth.bearer import authorise
from api_service.conditional import unless_unchanged
from api_service.documented import ETAG, PAGE_ETAG, REQUEST_ID
from api_service.json_body import read_body, read_optional_body
from api_service.limits import count_request
from api_service.parser import read_headers, read_query
from api_service.schemas.queries import QuerySchema, ReadHeaders

View = TypeVar("View", bound=Callable[..., Any])

SECURITY_SCHEME = "bearer"
ALWAYS = (401, 403, 422, 429, 500, 503)
"""What every operation can answer: each refuses a query that it does not know (422), and its caller's haste (429)."""


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """The routes of one resource."""

    def operation(
        self,
        rule: str,
        method: str,
        name: str,
        *,
        scopes: tuple[str, ...],
        also: tuple[int, ...] = (),
        parameters: tuple[Mapping[str, Any], ...] = (),
    ) -> Callable[[View], View]:
        """Routes a view that needs one of `scopes`, and documents it with what it can answer besides its result."""

        def decorate(view: View) -> View:
            documented = _authorised(view if _has_query(view) else self._without_query(view), scopes)
            for status in sorted({*also, *ALWAYS}):
                _describe(documented, self.alt_response(status, HTTPStatus(status).name))
            _describe(documented, self.doc(operationId=name, security=[{SECURITY_SCHEME: [scope]} for scope in scopes]))
            self.route(rule, methods=[method], endpoint=name, parameters=[*parameters])(documented)
            return view

        return decorate

    def query(self, schema: type[Schema]) -> Callable[[View], View]:
        """Hands the view the loaded query."""
        loading = schema()

        def decorate(view: View) -> View:
            @wraps(view)
            def reading(*args: Any, **kwargs: Any) -> Any:
                return view(*args, read_query(loading), **kwargs)

            return _describe(reading, self.arguments(schema, location="query"))  # type: ignore[return-value]

        return decorate

    def _without_query(self, view: View) -> View:
        """Refuses every query: `?dryRun=true` must not be passed over where there is no such thing."""

        @wraps(view)
        def bare(_query: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs)

        return self.query(QuerySchema)(bare)  # type: ignore[return-value]

    def headers(self, schema: type[Schema], *, error_status: int = 422) -> Callable[[View], View]:
        """Hands the view the loaded headers."""
        loading = schema()

        def decorate(view: View) -> View:
            @wraps(view)
            def reading(*args: Any, **kwargs: Any) -> Any:
                return view(*args, read_headers(loading, error_status), **kwargs)

            described = self.arguments(schema, location="headers", error_status_code=error_status)
            return _describe(reading, described)  # type: ignore[return-value]

        return decorate

    def body(
        self, schema: type[Schema], *, example: Mapping[str, Any], required: bool = True
    ) -> Callable[[View], View]:
        """Hands the view the parsed body; the schema is its document, and the view's to load."""
        read = read_body if required else read_optional_body

        def decorate(view: View) -> View:
            @wraps(view)
            def reading(*args: Any, **kwargs: Any) -> Any:
                return view(*args, read(), **kwargs)

            reading._apidoc = deepcopy(getattr(view, "_apidoc", {}))  # type: ignore[attr-defined]
            parameters = reading._apidoc.setdefault("arguments", {}).setdefault("parameters", [])  # type: ignore[attr-defined]
            parameters.append({"in": "json", "required": required, "schema": schema, "example": example})
            for status in (400, 413, 415, 422):
                _describe(reading, self.alt_response(status, HTTPStatus(status).name))
            return reading  # type: ignore[return-value]

        return decorate

    def answers(
        self, status: int, schema: type[Schema], *, example: Any, headers: Mapping[str, Any] | None = None
    ) -> Callable[[View], View]:
        """Writes what the view returns; a response it returns is left as it is."""
        return _typed(self.response(status, schema, example=example, headers={**REQUEST_ID, **(headers or {})}))

    def page(self, schema: type[Schema], *, example: Any) -> Callable[[View], View]:
        """Writes a page of a list, with a tag of what it says; a caller that has it gets no body (304)."""

        def decorate(view: View) -> View:
            answering = self.answers(200, schema, example=example, headers=PAGE_ETAG)(view)

            @wraps(answering)
            def conditional(query: dict[str, Any], headers: dict[str, Any]) -> Response:
                response = make_response(answering(query))
                response.add_etag()
                return unless_unchanged(response, headers["if_none_match"])

            return self.unchanged(PAGE_ETAG)(self.headers(ReadHeaders)(conditional))  # type: ignore[return-value]

        return decorate

    def unchanged(self, tag: Mapping[str, Any] = ETAG) -> Callable[[View], View]:
        """Documents the answer to a caller that has this version already."""
        headers = {**REQUEST_ID, **tag}
        described = self.alt_response(304, description="Not changed; the body is left out.", headers=headers)
        return lambda view: _describe(view, described)


def _has_query(view: Callable[..., Any]) -> bool:
    parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return any(parameter["in"] == "query" for parameter in parameters)


def _describe(view: View, decorator: Any) -> View:
    """Adds to the view what the decorator documents, and not the call that it puts around every request."""
    view._apidoc = decorator(view)._apidoc  # type: ignore[attr-defined]
    return view


def _typed(decorator: Any) -> Callable[[View], View]:
    result: Callable[[View], View] = decorator
    return result


def _authorised(view: View, scopes: tuple[str, ...]) -> View:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.caller = authorise(scopes)
        count_request(g.caller)
        return view(*args, **kwargs)

    return guarded  # type: ignore[return-value]
