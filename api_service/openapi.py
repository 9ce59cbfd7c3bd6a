"""The OpenAPI document: made from the blueprints and their schemas, so that it says what the code does."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest.spec import FlaskPlugin

from api_service.blueprint import SECURITY_SCHEME
from api_service.links import add_links
from api_service.problems import MEDIA_TYPE
from api_service.refusals import REFUSALS
from api_service.schemas.notice import NOTICES, NoticesSchema
from api_service.schemas.problem import ProblemSchema
from api_service.schemas.reading import Choice, Day, Id, PartyId, Text, VisibleAscii, Whole
from api_service.schemas.writing import Instant, Money
from api_service.webhook import WEBHOOKS

DESCRIPTION: Final = """\
Payday pays each scheduled payment on its date: once, never twice, never lost.

Amounts are decimal strings with their currency. Dates are `YYYY-MM-DD`, instants RFC 3339 in UTC, ids UUIDv7.
Every POST but the preview needs an `Idempotency-Key`: the same request with the same key has one effect and one answer.
Errors are `application/problem+json`; compare `code`, show `detail`.
What becomes of payments is told by a webhook: its body is the schema `Notices`.
Before an operation is found, any request can be answered 404 `not_found`, 405 `method_not_allowed`,
408 `request_timeout`, 414 `uri_too_long`, 417 `expectation_failed`, 431 `headers_too_large` or 501 `not_implemented`.
"""


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's document with our errors in it; the errors themselves are `api_service.problems`."""

    ERROR_SCHEMA = ProblemSchema
    # Every answer is named by its status: "any other" would hide one that nobody thought of.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Ours are registered already."""

    def _register_pagination_header(self) -> None:
        """Pages are by cursor."""

    def _register_responses(self) -> None:
        for status, refusal in REFUSALS.items():
            response = refusal.response(status, MEDIA_TYPE, self.ERROR_SCHEMA)
            self.spec.components.response(status.name, response, lazy=True)


def make_api(app: Flask) -> Api:
    """Adds the document to an app; its blueprints are registered with what this returns."""
    app.config.update(
        API_TITLE="Payday",
        API_VERSION=version("payday"),
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={"info": {"description": DESCRIPTION, "license": {"name": "Apache-2.0"}}},
    )
    api = Api(app, spec_kwargs={"marshmallow_plugin": MarshmallowPlugin(), "flask_plugin": FlaskPlugin()})
    for field in (Choice, Day, Id, Money, Instant, PartyId, Text, VisibleAscii):
        api.register_field(field, "string", None)
    api.register_field(Whole, "integer", None)
    api.register_field(Instant, "string", "date-time")
    api.spec.components.security_scheme(
        SECURITY_SCHEME,
        {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token of the issuer."},
    )
    api.spec.components.schema(NOTICES, schema=NoticesSchema)
    return api


def document(api: Api) -> dict[str, Any]:
    """The finished document."""
    spec: dict[str, Any] = api.spec.to_dict()
    add_links(spec)
    return {**spec, "webhooks": WEBHOOKS}
