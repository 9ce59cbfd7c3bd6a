"""Whatever goes wrong, wherever: application/problem+json with a code, its status and the request's id (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api_service.json_body import MAX_BODY_BYTES
from tests.integration.api.client import Api, assert_problem
from tests.integration.api.permissions import NOWHERE, PERMISSIONS, SCOPES, Ask, Desk

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY")
VERBS = ("get", "post", "put", "patch", "delete")
FIXED = {"run_date": "2026-11-20"}
ACCEPTS = ("text/html", "application/xml;q=0.9", "application/json;q=0", "*/*;q=0", "nonsense", "")


@pytest.fixture
def operations(shared_api: Api) -> dict[str, tuple[str, str, bool]]:
    """Method, an address of what is not there, and whether a body is taken, by operation."""
    paths = shared_api.get("/openapi.json", sub=None)["paths"]
    return {
        item[verb]["operationId"]: (verb.upper(), _address(path), "requestBody" in item[verb])
        for path, item in paths.items()
        for verb in VERBS
        if verb in item
    }


Operations = dict[str, tuple[str, str, bool]]


def _address(path: str) -> str:
    parts = [part.strip("{}") for part in path.split("/")]
    named = [FIXED.get(part, NOWHERE) if f"{{{part}}}" in path else part for part in parts]
    return "/".join(named)


def check(response: TestResponse, status: int, code: str) -> None:
    problem = assert_problem(response, status, code)
    assert problem["title"] == HTTPStatus(status).phrase
    assert problem["type"] == f"urn:payday:problem:{code}"
    assert set(problem) <= {"type", "title", "status", "detail", "code", "requestId", "errors"}
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_every_address_names_its_methods_to_whoever_uses_another(untouched_api: Api, operations: Operations) -> None:
    allowed: dict[str, set[str]] = {}
    for method, path, _ in operations.values():
        allowed.setdefault(path, set()).update({method, "HEAD"} if method == "GET" else {method})
    for path, names in allowed.items():
        for method in METHODS:
            if method in names:
                continue
            response = untouched_api.call(method, path, scopes=SCOPES)
            if method == "HEAD":
                assert (response.status_code, response.mimetype) == (405, "application/problem+json")
            else:
                check(response, 405, "method_not_allowed")
            assert {name.strip() for name in response.headers["Allow"].split(",")} == names, (method, path)


def test_every_operation_that_takes_a_body_refuses_what_is_none(untouched_api: Api, operations: Operations) -> None:
    huge = b'"' + b"x" * MAX_BODY_BYTES + b'"'
    bodies: list[tuple[bytes, str, int, str]] = [
        (b"{", "application/json", 400, "malformed_json"),
        (b"\xff", "application/json", 400, "malformed_json"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "application/json; charset=utf-16", 415, "unsupported_media_type"),
        (b"{}", "", 415, "unsupported_media_type"),
        (huge, "application/json", 413, "body_too_large"),
        (b"[]", "application/json", 422, "validation_failed"),
        (b'{"nobodyKnows": 1}', "application/json", 422, "validation_failed"),
    ]
    taking = {name: entry for name, entry in operations.items() if entry[2]}
    assert len(taking) >= 11
    for method, path, _ in taking.values():
        for content, kind, status, code in bodies:
            headers = {"If-Match": '"v1"', "Content-Type": kind}
            check(untouched_api.call(method, path, scopes=SCOPES, data=content, headers=headers), status, code)


def test_what_is_not_there_is_a_problem_whatever_the_caller_would_rather_read(
    untouched_api: Api, operations: Operations
) -> None:
    """There is one form of answers; a caller that wants another is answered all the same (RFC 9110, 12.4.1)."""
    for accept in ACCEPTS:
        headers = {"Accept": accept}
        check(untouched_api.call("GET", "/v1/nothing", headers=headers), 404, "not_found")
        check(untouched_api.call("GET", "/v1/events", headers=headers, sub=None), 401, "token_missing")
        assert untouched_api.call("GET", "/v1/events", headers=headers).mimetype == "application/json"
    for method, path, _ in operations.values():
        if NOWHERE in path and method in ("GET", "DELETE"):
            check(untouched_api.call(method, path, scopes=SCOPES), 404, "not_found")


@pytest.fixture
def down() -> Iterator[Api]:
    """An API whose database cannot be reached."""
    api = Api("postgresql://nobody@127.0.0.1:1/nothing")
    yield api
    api.close()


GOOD: dict[str, Any] = {
    name: permission.ask
    for name, permission in PERMISSIONS.items()
    if name in ("createSchedule", "previewSchedule", "placeHold")
}
BODIES: dict[str, dict[str, Any]] = {
    "updateSchedule": {"reference": "other"},
    "updateEvent": {"amount": "1.00"},
    "pauseSchedule": {"from": "2027-01-01"},
    "resolveEvent": {"outcome": "failed", "reason": "x"},
    "pauseRun": {"reason": "x"},
    "resumeRun": {"reason": "x"},
    "closeRun": {"reason": "x"},
}


def test_every_operation_says_when_to_come_back_while_the_database_is_down(down: Api, operations: Operations) -> None:
    for name, (method, path, _) in operations.items():
        body = GOOD[name](None, "alice").json if name in GOOD else BODIES.get(name)
        more: dict[str, Any] = {} if body is None else {"json": body}
        response = down.call(method, path, scopes=SCOPES, headers={"If-Match": '"v1"'}, **more)
        check(response, 503, "unavailable")
        assert response.headers["Retry-After"] == "5"


REFUSE_AUDIT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'canary';
END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION refuse();
"""
CONTENT = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
TABLES = (
    "schedule",
    "schedule_revision",
    "event",
    "batch",
    "run",
    "pause",
    "hold",
    "attempt",
    "transaction",
    "idempotency_key",
    "audit",
)


def test_a_change_that_cannot_be_audited_is_a_500_that_tells_nothing_and_never_was(
    api: Api, operations: Operations
) -> None:
    """By a constraint that the database checks at the commit, when all else is written."""
    desk = Desk(api)
    changing = {name: permission for name, permission in PERMISSIONS.items() if permission.audits is not None}
    asks: dict[str, Ask] = {name: permission.ask(desk, "alice") for name, permission in changing.items()}
    api.rows(REFUSE_AUDIT)
    before = _content(api)
    for name, ask in asks.items():
        more: dict[str, Any] = {} if ask.json is None else {"json": ask.json}
        response = api.call(operations[name][0], ask.path, scopes=SCOPES, headers=ask.headers, key="once", **more)
        check(response, 500, "internal_error")
        assert "canary" not in json.dumps(response.get_json())
        assert _content(api) == before, name
    api.rows("DROP FUNCTION refuse CASCADE")
    for name, ask in asks.items():
        more = {} if ask.json is None else {"json": ask.json}
        response = api.call(operations[name][0], ask.path, scopes=SCOPES, headers=ask.headers, key="once", **more)
        assert response.status_code == changing[name].status
        assert "Idempotent-Replayed" not in response.headers


def _content(api: Api) -> list[str]:
    return [str(api.rows(CONTENT.format(table))[0][0]) for table in TABLES]
