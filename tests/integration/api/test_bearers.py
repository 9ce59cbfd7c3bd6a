"""Bearers: what is a token, who needs none, and what the contract says of some; all operations are in the matrix."""

import pytest

from api_service.auth.development import make_token
from tests.integration.api.client import RENT, Api, assert_problem


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "Token x", "Bearer \xe9.\xe9.\xe9"],
)
def test_what_is_no_token_is_a_401_that_asks_for_one(untouched_api: Api, authorization: str) -> None:
    response = untouched_api.call("GET", "/v1/events", headers={"Authorization": authorization})
    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_request_has_one_token(untouched_api: Api) -> None:
    """Of two, one reader would take the first and another the last."""
    alices, bobs = (f"Bearer {make_token(sub, ['schedules:read'])}" for sub in ("alice", "bob"))
    for several in ([alices, bobs], [alices, alices], [alices, ""], [alices, "Basic YTpi"]):
        headers = [("Authorization", value) for value in several]
        assert untouched_api.app.test_client().get("/v1/events", headers=headers).status_code == 401
    for single in (alices, alices.replace("Bearer", "bearer"), alices.replace(" ", "   "), f"{alices} "):
        assert untouched_api.app.test_client().get("/v1/events", headers={"Authorization": single}).status_code == 200
    for odd in (alices.replace(" ", "\t"), alices.replace("Bearer ", "Bearer,"), f"{alices} {bobs}", f"{alices}\xa0"):
        assert untouched_api.app.test_client().get("/v1/events", headers={"Authorization": odd}).status_code == 401


def test_a_token_in_the_address_is_none(untouched_api: Api) -> None:
    token = make_token("alice", ["schedules:read"])
    assert_problem(untouched_api.call("GET", f"/v1/events?access_token={token}", sub=None), 401, "token_missing")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/version", "/openapi.json", "/docs", "/docs/docs.js"])
def test_what_runs_the_service_needs_no_token(untouched_api: Api, path: str) -> None:
    assert untouched_api.call("GET", path, sub=None).status_code == 200


def test_anothers_payer_id_in_a_body_is_a_403(api: Api) -> None:
    for payer in ("alice-2", "Alice"):
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
