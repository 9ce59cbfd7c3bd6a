"""Every kind of change that can break a client is seen, and none that cannot."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from deploy.openapi.breaking import breaking_changes
from deploy.openapi.narrowing import UnknownKeyword

THING: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"},
        "kind": {"type": ["string", "null"], "enum": ["x", "y", None]},
        "days": {
            "type": "array",
            "minItems": 1,
            "maxItems": 9,
            "items": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        "sums": {"type": "object", "additionalProperties": {"type": "string"}},
        "other": {"anyOf": [{"$ref": "#/components/schemas/Other"}, {"type": "null"}]},
    },
}
OPERATION: dict[str, Any] = {
    "operationId": "makeThing",
    "security": [{"bearer": ["read"]}, {"bearer": ["ops"]}],
    "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 9}}],
    "requestBody": {"content": {"application/json": {"schema": THING}}},
    "responses": {
        "200": {
            "headers": {"ETag": {"schema": {"type": "string"}}},
            "content": {"application/json": {"schema": deepcopy({**THING, "additionalProperties": True})}},
        },
        "409": {"$ref": "#/components/responses/CONFLICT"},
    },
}
DOCUMENT: dict[str, Any] = {
    "paths": {
        "/things/{id}": {
            "post": OPERATION,
            "parameters": [{"in": "path", "name": "id", "schema": {}, "required": True}],
        }
    },
    "components": {
        "schemas": {"Other": {"type": "object", "properties": {"day": {"type": "string", "format": "date"}}}},
        "responses": {"CONFLICT": {"content": {"application/problem+json": {"schema": {"type": "object"}}}}},
    },
}


def lost(pointer: str, what: str) -> str:
    """What is said of a request that allows less."""
    return f"{ASKED} {pointer}: no longer allows {what}"


def new(pointer: str, what: str) -> str:
    """What is said of an answer that can be more."""
    return f"{ANSWERED} {pointer}: may now be {what}"


ASKED = "POST /things/{id} request"
ANSWERED = "POST /things/{id} answer 200"


def changed(where: str, value: Any) -> dict[str, Any]:
    """The document with another value at a place; None takes away what is there."""
    document = deepcopy(DOCUMENT)
    part: Any = document["paths"]["/things/{id}"]["post"]
    *names, last = where.split()
    for name in names:
        if name == "#":
            part = document["components"]["schemas"]
        elif name in ("request", "answer"):
            part = part["requestBody"] if name == "request" else part["responses"]["200"]
            part = part["content"]["application/json"]["schema"]
        else:
            part = part[int(name) if isinstance(part, list) else name]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return document


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        ("operationId", "createThing", "POST /things/{id}: is called createThing now"),
        ("security", [{"bearer": ["read"]}], "POST /things/{id}: is no longer allowed with {'bearer': ['ops']}"),
        ("parameters", [], "POST /things/{id} query limit: is gone"),
        ("parameters 0 required", True, "POST /things/{id} query limit: is required now"),
        ("parameters 0 schema maximum", 8, "POST /things/{id} query limit: no longer allows more than maximum 8"),
        ("requestBody required", True, f"{ASKED}: is required now"),
        ("requestBody content application/json", None, f"{ASKED}: is no longer read as application/json"),
        ("request required", ["name", "kind"], lost("/kind", "being left out")),
        ("request properties kind", None, lost("/kind", "being there")),
        ("request properties kind type", ["string"], lost("/kind", "the type null")),
        ("request properties kind enum", ["x", None], lost("/kind", "the value y")),
        ("request properties name enum", ["a"], lost("/name", "any value but a few")),
        ("request properties name type", "integer", lost("/name", "the type string")),
        ("request properties name minLength", 2, lost("/name", "less than minLength 2")),
        ("request properties name maxLength", 8, lost("/name", "more than maxLength 8")),
        ("request properties name pattern", "^b", lost("/name", "what is not of the pattern ^b")),
        ("request properties name readOnly", True, lost("/name", "what is not of the readOnly True")),
        ("request properties days maxItems", 8, lost("/days", "more than maxItems 8")),
        ("request properties days uniqueItems", True, lost("/days", "what is not of the uniqueItems True")),
        ("request properties days items minimum", 2, lost("/days/*", "less than minimum 2")),
        ("request properties sums additionalProperties", {"type": "null"}, lost("/sums/*", "the type string")),
        ("request properties sums additionalProperties", False, lost("/sums", "other fields")),
        ("# Other properties day format", "time", lost("/other/day", "what is not of the format time")),
        ("request properties other anyOf", [{"type": "null"}], lost("/other", "another number of alternatives")),
        ("responses 200", None, f"{ANSWERED}: is gone"),
        ("responses 200 headers ETag", None, f"{ANSWERED}: has no ETag any more"),
        ("responses 200 content", {"text/plain": {}}, f"{ANSWERED}: is no longer application/json"),
        ("answer required", [], f"{ANSWERED} /name: may now be missing"),
        ("answer properties name type", ["string", "null"], new("/name", "the type null")),
        ("answer properties kind enum", ["x", "y", "z", None], new("/kind", "the value z")),
        ("answer properties name maxLength", 10, new("/name", "more than maxLength 9")),
        ("answer properties name pattern", None, new("/name", "what is not of the pattern ^a")),
        ("answer properties kind", None, f"{ANSWERED} /kind: is gone"),
    ],
)  # fmt: skip
def test_a_breaking_change_is_named(where: str, value: Any, said: str) -> None:
    assert said in breaking_changes(DOCUMENT, changed(where, value))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("summary", "Make another thing"),
        ("security", [{"bearer": ["read"]}, {"bearer": ["ops"]}, {"bearer": ["all"]}]),
        ("parameters 0 schema maximum", 10),
        ("request required", []),
        ("request properties name maxLength", 10),
        ("request properties kind enum", ["x", "y", "z", None]),
        ("request properties more", {"type": "string"}),
        ("answer required", ["name", "kind"]),
        ("answer properties kind enum", ["x", None]),
        ("answer properties kind type", ["string"]),
        ("answer properties name maxLength", 8),
        ("answer properties more", {"type": "string"}),
        ("responses 404", {"content": {}}),
        ("responses 200 headers Location", {"schema": {}}),
    ],
)
def test_what_a_client_can_bear_is_not_named(where: str, value: Any) -> None:
    assert breaking_changes(DOCUMENT, changed(where, value)) == []


def test_an_operation_that_is_gone_is_named_and_a_new_one_is_not() -> None:
    more = {**DOCUMENT, "paths": {**DOCUMENT["paths"], "/others": {"get": OPERATION}}}
    assert breaking_changes(DOCUMENT, more) == []
    assert breaking_changes(more, DOCUMENT) == ["GET /others: is gone"]


def test_a_keyword_that_it_does_not_know_is_not_passed_over() -> None:
    with pytest.raises(UnknownKeyword, match="multipleOf"):
        breaking_changes(DOCUMENT, changed("request properties name multipleOf", 2))
