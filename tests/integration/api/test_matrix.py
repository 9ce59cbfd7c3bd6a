"""Who may do what: every operation of the document, with two payers, each scope, and no token.

The table in `permissions` is the contract. An operation that it does not know fails here, and so does one that is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api_service.auth.development import make_token
from tests.embedded import DatabaseServer
from tests.integration.api.client import Api, assert_problem
from tests.integration.api.permissions import (
    ANY,
    NO_SCOPES,
    NOWHERE,
    OPS,
    PERMISSIONS,
    READ,
    SCOPES,
    WRITE,
    Ask,
    Desk,
    Permission,
)

ALICE, BOB = "alice", "bob"
BEARERS: tuple[frozenset[str], ...] = (
    NO_SCOPES,
    *(frozenset({scope}) for scope in SCOPES),
    frozenset({READ, WRITE}),
    frozenset({READ, ANY}),
    frozenset({WRITE, ANY}),
    frozenset({OPS, WRITE}),
    frozenset({OPS, ANY}),
    frozenset({"schedules", "schedules:*", "ops:read", "OPS", "schedules:read,ops"}),
)
STATE = """
SELECT (SELECT count(*) FROM audit) AS audit, (SELECT count(*) FROM idempotency_key) AS keys,
  (SELECT sum(version) FROM schedule) AS schedules, (SELECT sum(version) FROM event) AS events,
  (SELECT count(*) || '/' || count(ended_at) FROM pause) AS pauses,
  (SELECT count(*) || '/' || count(ended_at) FROM hold) AS holds,
  (SELECT string_agg(DISTINCT status, ' ') || count(reason) || '/' || count(closing_at) FROM run) AS runs
"""


@pytest.fixture(scope="module")
def desk(postgres_server: DatabaseServer, template_database: str) -> Iterator[Desk]:
    """One database for all operations: each is asked about things of its own."""
    name = postgres_server.create(template_database)
    api = Api(postgres_server.url(name))
    yield Desk(api)
    api.close()
    postgres_server.drop(name)


@pytest.fixture(scope="module")
def document(desk: Desk) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each operation."""
    paths = desk.api.get("/openapi.json", sub=None)["paths"]
    return {
        item[verb]["operationId"]: (verb.upper(), path, {**item[verb], "shared": item.get("parameters", [])})
        for path, item in paths.items()
        for verb in item
        if verb in ("get", "put", "post", "patch", "delete", "options", "head", "trace")
    }


Document = dict[str, tuple[str, str, dict[str, Any]]]


class Caller:
    """Asks as alice, with some scopes."""

    def __init__(self, desk: Desk, method: str, scopes: frozenset[str]) -> None:
        self._api, self._method = desk.api, method
        self.scopes = tuple(sorted(scopes))
        self._bearer = {"Authorization": f"Bearer {make_token(ALICE, self.scopes)}"}

    def __call__(self, ask: Ask, **more: Any) -> TestResponse:
        return send(self._api, self._method, ask, self._bearer, **more)


def send(api: Api, method: str, ask: Ask, headers: dict[str, str], **more: Any) -> TestResponse:
    body: dict[str, Any] = {} if ask.json is None else {"json": ask.json}
    return api.call(method, ask.path, sub=None, headers={**ask.headers, **headers}, **body, **more)


def state(desk: Desk) -> Any:
    return desk.api.rows(STATE)[0]


def last_audit(desk: Desk) -> tuple[int, str, str, str | None]:
    """How many rows there are, and what the last one says: who did what for whom."""
    rows = desk.api.rows(
        "SELECT (SELECT count(*) FROM audit) AS count, actor, action, payer_id FROM audit ORDER BY id DESC LIMIT 1"
    )
    return tuple(rows[0]) if rows else (0, "", "", None)


def test_the_table_knows_every_operation_and_none_besides(document: Document) -> None:
    assert set(document) == set(PERMISSIONS)


def test_the_document_says_what_the_table_says(desk: Desk, document: Document) -> None:
    schemas = desk.api.get("/openapi.json", sub=None)["components"]["schemas"]
    for name, (method, path, described) in document.items():
        permission = PERMISSIONS[name]
        assert {scope for entry in described["security"] for scopes in entry.values() for scope in scopes} == set(
            permission.enters
        ), name
        parameters = [*described.get("parameters", []), *described["shared"]]
        named = {"query"} if any(entry.get("name") == "payerId" for entry in parameters) else set()
        if method != "PATCH" and _body_names_a_payer(described, schemas):
            named.add("body")  # in a PATCH it is a field that never changes
        if "{schedule" in path or "{event" in path:
            named.add("path")
        assert named == set(permission.payer), name
        assert (permission.audits is None) == (method == "GET" or name == "previewSchedule"), name


def _body_names_a_payer(described: dict[str, Any], schemas: dict[str, Any]) -> bool:
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return "payerId" in schema.get("properties", {})


@pytest.mark.parametrize("name", PERMISSIONS)
def test_nobody_comes_in_without_a_token_or_after_its_time(desk: Desk, document: Document, name: str) -> None:
    method, ask = document[name][0], PERMISSIONS[name].ask(desk, ALICE)
    before = state(desk)
    assert_problem(send(desk.api, method, ask, {}), 401, "token_missing")
    expired = f"Bearer {make_token(ALICE, SCOPES, lifetime_seconds=-60)}"
    for authorization in (expired, "Bearer x", "Basic YTpi"):
        response = send(desk.api, method, ask, {"Authorization": authorization})
        assert_problem(response, 401, "token_missing" if authorization.startswith("Basic") else "token_invalid")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert state(desk) == before


@pytest.mark.parametrize("name", PERMISSIONS)
def test_each_bearer_does_what_its_scopes_say_for_itself_and_for_another(
    desk: Desk, document: Document, name: str
) -> None:
    method, path, _ = document[name]
    permission = PERMISSIONS[name]
    refused = permission.ask(desk, ALICE), permission.ask(desk, BOB)
    for scopes in BEARERS:
        caller = Caller(desk, method, scopes)
        if not permission.lets_in(scopes):
            before = state(desk)
            for ask in refused:
                response = assert_problem(caller(ask), 403, "scope_missing")
                assert all(scope in response["detail"] for scope in permission.enters)
            assert state(desk) == before, (name, scopes)
            continue
        _does(desk, permission, caller, permission.ask(desk, ALICE), ALICE)
        if permission.payer:
            _meets_another_payer(desk, permission, caller, path, reaches=permission.reaches_others(scopes))


def _does(desk: Desk, permission: Permission, caller: Caller, ask: Ask, payer: str) -> None:
    """It succeeds, and the audit says that alice did it, and for whom."""
    count = last_audit(desk)[0]
    response = caller(ask)
    assert response.status_code == permission.status, (ask, caller.scopes, response.get_data(as_text=True))
    after = last_audit(desk)
    if permission.audits is None:
        assert after[0] == count
    else:
        about = None if permission.audits.startswith("run.") else payer
        assert after == (count + 1, ALICE, permission.audits, about), (ask, caller.scopes)


def _meets_another_payer(desk: Desk, permission: Permission, caller: Caller, path: str, *, reaches: bool) -> None:
    def refuse(ask: Ask, status: int, code: str) -> dict[str, Any]:
        before = state(desk)
        problem = assert_problem(caller(ask), status, code)
        assert state(desk) == before, (ask, caller.scopes)
        return problem

    anothers = permission.ask(desk, BOB)
    if "path" in permission.payer and reaches:
        _does(desk, permission, caller, anothers, BOB)
    elif "path" in permission.payer:
        there = refuse(anothers, 404, "not_found")
        not_there = refuse(_nowhere(anothers, path), 404, "not_found")
        assert {**there, "requestId": None} == {**not_there, "requestId": None}
    if "body" in permission.payer and reaches:
        _does(desk, permission, caller, anothers, BOB)
    elif "body" in permission.payer:
        refuse(anothers, 403, "payer_not_allowed")
    if "query" in permission.payer and reaches:
        _does(desk, permission, caller, permission.ask(desk, BOB).naming(BOB), BOB)
        if "path" in permission.payer:
            refuse(permission.ask(desk, BOB).naming(ALICE), 404, "not_found")
    elif "query" in permission.payer:
        for payer in (ALICE, BOB):
            refuse(permission.ask(desk, payer).naming(BOB), 403, "payer_not_allowed")
        _does(desk, permission, caller, permission.ask(desk, ALICE).naming(ALICE), ALICE)


def _nowhere(ask: Ask, template: str) -> Ask:
    """The same request about something that was never made."""
    names, values = template.split("/"), ask.path.split("/")
    ids = [NOWHERE if name.startswith("{") else value for name, value in zip(names, values, strict=True)]
    return Ask("/".join(ids), ask.json, ask.headers)


def test_a_list_shows_whose_rows_its_caller_may_read(api: Api) -> None:
    desk = Desk(api)
    for payer in (ALICE, BOB):
        api.schedule(sub=payer, frequency="once")
    api.rows(
        "INSERT INTO transaction (date, id, event_id, event_date, schedule_id, payer_id, payee_id, amount, currency,"
        " provider_ref) SELECT date, gen_random_uuid(), id, date, schedule_id, payer_id, payee_id, amount, currency,"
        " 'r' FROM event"
    )
    for name, scopes in product(("listSchedules", "listEvents", "listTransactions"), BEARERS):
        permission, caller = PERMISSIONS[name], Caller(desk, "GET", scopes)
        if not permission.lets_in(scopes):
            continue
        ask, reaches = permission.ask(desk, ALICE), permission.reaches_others(scopes)
        assert _payers(caller(ask)) == ({ALICE, BOB} if reaches else {ALICE}), (name, scopes)
        assert _payers(caller(ask.naming(ALICE))) == {ALICE}
        if reaches:
            assert _payers(caller(ask.naming(BOB))) == {BOB}


def _payers(response: TestResponse) -> set[str]:
    return {row["payerId"] for row in response.get_json()["data"]}


def test_every_post_but_the_preview_happens_once_for_its_key(desk: Desk, document: Document) -> None:
    for name, (method, _, _) in document.items():
        if method != "POST" or name == "previewSchedule":
            continue
        permission, caller = PERMISSIONS[name], Caller(desk, "POST", PERMISSIONS[name].enters)
        ask = permission.ask(desk, ALICE)
        before = state(desk)
        assert_problem(caller(ask, key=None), 400, "idempotency_key_required")
        assert state(desk) == before
        first, count = caller(ask, key=f"once {name}".replace(" ", "-")), last_audit(desk)[0]
        assert first.status_code == permission.status
        again = caller(ask, key=f"once-{name}")
        assert (again.status_code, again.get_data()) == (first.status_code, first.get_data()), name
        for header in ("ETag", "Location", "Content-Type"):
            assert again.headers.get(header) == first.headers.get(header)
        assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
        assert last_audit(desk)[0] == count
        other = Ask(ask.path, {**(ask.json or {}), "reference": "another body"}, ask.headers)
        assert caller(other, key=f"once-{name}").status_code == 422


def test_a_stale_version_stops_every_change_that_takes_one(desk: Desk, document: Document) -> None:
    seen = set()
    for name, (method, _, described) in document.items():
        parameters = [*described.get("parameters", []), *described["shared"]]
        if not any(entry.get("name") == "If-Match" for entry in parameters):
            assert method != "PATCH"
            continue
        seen.add(name)
        permission = PERMISSIONS[name]
        ask, caller = permission.ask(desk, ALICE), Caller(desk, method, permission.enters)
        before = state(desk)
        assert_problem(caller(Ask(ask.path, ask.json, {"If-Match": '"v9"'})), 412, "version_stale")
        if method == "PATCH":
            assert_problem(caller(Ask(ask.path, ask.json)), 428, "if_match_required")
        assert state(desk) == before
    assert seen == {"updateSchedule", "cancelSchedule", "resumeSchedule", "updateEvent", "cancelEvent"}


def test_no_change_hands_a_thing_to_another_payer(desk: Desk) -> None:
    for name, payer in product(("updateSchedule", "updateEvent"), (ALICE, BOB)):
        permission = PERMISSIONS[name]
        ask, caller = permission.ask(desk, ALICE), Caller(desk, "PATCH", frozenset({WRITE, ANY}))
        before = state(desk)
        assert_problem(
            caller(Ask(ask.path, {**(ask.json or {}), "payerId": payer}, ask.headers)), 422, "validation_failed"
        )
        assert state(desk) == before
