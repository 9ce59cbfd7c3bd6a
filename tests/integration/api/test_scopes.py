"""Who may do what: every operation of the document, with every scope and without a token."""

import pytest

from tests.integration.api.client import RENT, Api, assert_problem

SCOPES = ("schedules:read", "schedules:write", "ops", "import", "payers:any")
ALLOWED = {
    "createSchedule": {"schedules:write"},
    "previewSchedule": {"schedules:read", "schedules:write"},
    "listSchedules": {"schedules:read", "ops"},
    "getSchedule": {"schedules:read", "ops"},
    "updateSchedule": {"schedules:write"},
    "cancelSchedule": {"schedules:write"},
    "pauseSchedule": {"schedules:write"},
    "resumeSchedule": {"schedules:write"},
    "listEvents": {"schedules:read", "ops"},
    "getEvent": {"schedules:read", "ops"},
    "updateEvent": {"schedules:write"},
    "cancelEvent": {"schedules:write"},
    "restoreEvent": {"schedules:write"},
    "retryEvent": {"schedules:write", "ops"},
    "resolveEvent": {"ops"},
    "listTransactions": {"schedules:read", "ops"},
    "listRuns": {"ops"},
    "getRun": {"ops"},
    "pauseRun": {"ops"},
    "resumeRun": {"ops"},
    "closeRun": {"ops"},
    "placeHold": {"ops"},
    "listHolds": {"ops"},
    "getHold": {"ops"},
    "endHold": {"ops"},
    "listReconcileItems": {"ops"},
}
NOWHERE = "01a203ba-7a30-7fd2-94a8-833133eb2fb3"
OTHERS = ("alice-2", "Alice", "alice ")


def operations(api: Api) -> list[tuple[str, str, str]]:
    """Name, method and path of every operation in the document."""
    paths = api.get("/openapi.json", sub=None)["paths"]
    found = []
    for path, item in paths.items():
        address = path.format(
            schedule_id=NOWHERE, event_id=NOWHERE, pause_id=NOWHERE, hold_id=NOWHERE, run_date="2026-11-20"
        )
        found += [(item[verb]["operationId"], verb.upper(), address) for verb in item if verb != "parameters"]
    return found


def test_the_matrix_knows_every_operation(api: Api) -> None:
    assert {name for name, _, _ in operations(api)} == set(ALLOWED)


def test_every_operation_lets_in_its_scopes_and_nobody_else(api: Api) -> None:
    for name, method, path in operations(api):
        assert_problem(api.call(method, path, sub=None), 401, "token_missing")
        assert_problem(api.call(method, path, scopes=()), 403, "scope_missing")
        for scope in SCOPES:
            response = api.call(method, path, scopes=(scope,))
            if scope in ALLOWED[name]:
                assert response.status_code not in (401, 403), (name, scope)
            else:
                assert_problem(response, 403, "scope_missing")
                assert "insufficient_scope" in response.headers["WWW-Authenticate"]
        assert_problem(api.call(method, path, scopes=tuple(set(SCOPES) - ALLOWED[name])), 403, "scope_missing")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "Token x", "Bearer \xe9.\xe9.\xe9"],
)
def test_what_is_no_token_is_a_401_that_asks_for_one(api: Api, authorization: str) -> None:
    response = api.call("GET", "/v1/events", headers={"Authorization": authorization})
    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/version", "/openapi.json", "/docs", "/docs/docs.js"])
def test_what_runs_the_service_needs_no_token(api: Api, path: str) -> None:
    assert api.call("GET", path, sub=None).status_code == 200


@pytest.mark.parametrize(
    "scopes", [("schedules:read", "schedules:write"), ("schedules:read", "schedules:write", "import")]
)
def test_anothers_things_cannot_be_told_from_what_is_not_there(api: Api, scopes: tuple[str, ...]) -> None:
    bobs = api.schedule(sub="bob")
    schedule, event = f"/v1/schedules/{bobs['id']}", f"/v1/events/{bobs['events'][0]['id']}"
    for method, path in (("GET", schedule), ("DELETE", schedule), ("GET", event), ("DELETE", event)):
        there = assert_problem(api.call(method, path, scopes=scopes), 404, "not_found")
        nowhere = path.rsplit("/", 1)[0] + f"/{NOWHERE}"
        not_there = assert_problem(api.call(method, nowhere, scopes=scopes), 404, "not_found")
        assert there["detail"] == not_there["detail"]
        assert_problem(api.call(method, f"{path}?payerId=bob", scopes=scopes), 403, "payer_not_allowed")
        assert api.get(path, sub="bob")["version"] == 1


def test_anothers_payer_id_in_a_body_is_a_403(api: Api) -> None:
    for payer in OTHERS[:2]:
        response = api.call("POST", "/v1/schedules", json={**RENT, "payerId": payer})
        assert_problem(response, 403, "payer_not_allowed")
    assert api.call("POST", "/v1/schedules", json={**RENT, "payerId": "alice"}).status_code == 201
    assert api.count("schedule") == 1


def test_a_trusted_front_end_acts_for_any_payer(api: Api) -> None:
    trusted = ("schedules:read", "schedules:write", "payers:any")
    response = api.call("POST", "/v1/schedules", sub="front-end", scopes=trusted, json={**RENT, "payerId": "carol"})
    made = response.get_json()
    assert made["payerId"] == "carol"
    event = f"/v1/events/{made['events'][0]['id']}"
    for query in ("", "?payerId=carol"):
        assert api.call("DELETE", f"{event}{query}", sub="front-end", scopes=trusted).status_code == 200
    assert_problem(api.call("DELETE", f"{event}?payerId=dave", sub="front-end", scopes=trusted), 404, "not_found")
    assert api.call("DELETE", f"/v1/schedules/{made['id']}", sub="front-end", scopes=trusted).status_code == 200
    assert api.get("/v1/schedules", sub="carol")["data"][0]["status"] == "cancelled"
    actors = api.rows("SELECT DISTINCT actor, payer_id FROM audit")
    assert [(row.actor, row.payer_id) for row in actors] == [("front-end", "carol")]


def test_payers_any_alone_or_with_reading_changes_nothing(api: Api) -> None:
    made = api.schedule()
    for scopes in (("payers:any",), ("payers:any", "schedules:read"), ("payers:any", "ops")):
        response = api.call("DELETE", f"/v1/schedules/{made['id']}", sub="front-end", scopes=scopes)
        assert_problem(response, 403, "scope_missing")


def test_operators_read_everything_and_create_nothing(api: Api) -> None:
    made = api.schedule()
    assert api.get(f"/v1/schedules/{made['id']}", sub="operator", scopes=("ops",))["payerId"] == "alice"
    assert api.get(f"/v1/events/{made['events'][0]['id']}", sub="operator", scopes=("ops",))["payerId"] == "alice"
    response = api.call("POST", "/v1/schedules", sub="operator", scopes=("ops",), json=RENT)
    assert_problem(response, 403, "scope_missing")
    both = ("ops", "schedules:write")
    assert_problem(api.call("DELETE", f"/v1/schedules/{made['id']}", sub="op", scopes=both), 404, "not_found")
