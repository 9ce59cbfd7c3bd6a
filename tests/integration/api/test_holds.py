"""Holds as operators place, see and end them (rule P3)."""

from typing import Any
from uuid import UUID

import pytest

from tests.integration.api.client import Api, assert_problem, pointers

OPERATOR: dict[str, Any] = {"sub": "operator", "scopes": ("ops",)}
NOWHERE = "01a203ba-7a30-7fd2-94a8-833133eb2fb3"


def place(api: Api, **body: object) -> dict[str, Any]:
    """A hold that was placed, as it was answered."""
    response = api.call("POST", "/v1/holds", json={"reason": "fraud", **body}, **OPERATOR)
    assert response.status_code == 201, response.get_data(as_text=True)
    return dict(response.get_json())


def end(api: Api, hold: dict[str, Any]) -> dict[str, Any]:
    response = api.call("DELETE", f"/v1/holds/{hold['id']}", **OPERATOR)
    assert response.status_code == 200, response.get_data(as_text=True)
    return dict(response.get_json())


@pytest.mark.parametrize("party", [{"payerId": "alice"}, {"payeeId": "landlord-9"}, {}])
def test_a_hold_names_a_payer_a_payee_or_everything(api: Api, party: dict[str, str]) -> None:
    response = api.call("POST", "/v1/holds", json={**party, "reason": "fraud"}, **OPERATOR)
    assert response.status_code == 201
    hold = response.get_json()
    assert response.headers["Location"] == f"/v1/holds/{hold['id']}"
    assert UUID(hold["id"]).version == 7
    assert hold.pop("placedAt").endswith("Z")
    assert hold == {
        "id": hold["id"], "payerId": None, "payeeId": None, **party,
        "reason": "fraud", "placedBy": "operator", "endedAt": None,
    }  # fmt: skip
    found = api.get(response.headers["Location"], **OPERATOR)
    assert found == response.get_json()


def test_a_hold_that_is_not_clear_is_refused_and_stops_nothing(api: Api) -> None:
    unclear: list[tuple[Any, str]] = [
        ({"reason": "x", "payerId": "a", "payeeId": "b"}, "/payeeId"),
        ({"payerId": "a"}, "/reason"),
        ({}, "/reason"),
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 201}, "/reason"),
        ({"reason": 5}, "/reason"),
        ({"reason": "x", "payerId": None}, "/payerId"),
        ({"reason": "x", "payeeId": None}, "/payeeId"),
        ({"reason": "x", "payerId": ""}, "/payerId"),
        ({"reason": "x", "payeeId": "ä"}, "/payeeId"),
        ({"reason": "x", "payer": "a"}, "/payer"),
        ([], ""),
    ]
    for body, wrong in unclear:
        response = api.call("POST", "/v1/holds", json=body, **OPERATOR)
        assert_problem(response, 422, "validation_failed")
        assert pointers(response) == {wrong}, body
    assert api.count("hold") == api.count("audit") == api.count("idempotency_key") == 0


def test_placing_and_ending_are_recorded_with_who_and_what(api: Api) -> None:
    hold = place(api, payerId="alice")
    ended = api.call("DELETE", f"/v1/holds/{hold['id']}", sub="second", scopes=("ops",)).get_json()
    assert {**ended, "endedAt": None} == hold
    placed, over = api.rows("SELECT * FROM audit ORDER BY id")
    state = {"payerId": "alice", "payeeId": None, "reason": "fraud"}
    assert (placed.actor, placed.action, placed.subject, placed.subject_id, placed.payer_id) == (
        "operator", "hold.placed", "hold", hold["id"], "alice",
    )  # fmt: skip
    assert (placed.before, placed.after) == (None, {**state, "active": True})
    assert (over.actor, over.action, over.payer_id) == ("second", "hold.ended", "alice")
    assert (over.before, over.after) == ({**state, "active": True}, {**state, "active": False})
    assert placed.request_id
    assert over.request_id


def test_ending_a_hold_again_answers_the_same_and_is_not_recorded_again(api: Api) -> None:
    hold = place(api)
    first = end(api, hold)
    assert first["endedAt"] is not None
    assert end(api, hold) == first
    assert api.get(f"/v1/holds/{hold['id']}", **OPERATOR) == first
    assert api.count("audit") == 2


def test_what_is_no_hold_is_a_404(api: Api) -> None:
    for hold_id in (NOWHERE, "x", "1"):
        for method in ("GET", "DELETE"):
            assert_problem(api.call(method, f"/v1/holds/{hold_id}", **OPERATOR), 404, "not_found")


def test_placing_replays_with_its_key_and_not_with_another_body(api: Api) -> None:
    answers = [api.call("POST", "/v1/holds", key="k", json={"reason": "fraud"}, **OPERATOR) for _ in range(2)]
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true"]
    assert answers[0].get_json() == answers[1].get_json()
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert api.count("hold") == api.count("audit") == 1
    other = api.call("POST", "/v1/holds", key="k", json={"reason": "fraud", "payerId": "alice"}, **OPERATOR)
    assert_problem(other, 422, "idempotency_key_reused")
    missing = api.call("POST", "/v1/holds", key=None, json={"reason": "fraud"}, **OPERATOR)
    assert_problem(missing, 400, "idempotency_key_required")


def test_holds_come_newest_first_page_by_page(api: Api) -> None:
    placed = [place(api, payerId=f"payer-{number}")["id"] for number in range(7)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"/v1/holds?limit=3{cursor}", **OPERATOR)
        seen += [hold["id"] for hold in page["data"]]
        cursor = page["nextCursor"] and f"&cursor={page['nextCursor']}"
    assert seen == placed[::-1]


def test_the_list_can_be_of_those_in_force_or_of_those_that_ended(api: Api) -> None:
    ended, active = place(api, payerId="alice"), place(api)
    end(api, ended)
    lists = {query: api.get(f"/v1/holds{query}", **OPERATOR)["data"] for query in ("", "?active=true", "?active=false")}
    ids = {query: [hold["id"] for hold in found] for query, found in lists.items()}
    assert ids == {"": [active["id"], ended["id"]], "?active=true": [active["id"]], "?active=false": [ended["id"]]}
    assert [hold["endedAt"] is None for hold in lists[""]] == [True, False]


def test_a_cursor_is_good_only_with_its_filter(api: Api) -> None:
    for _ in range(2):
        place(api)
    cursor = api.get("/v1/holds?limit=1&active=true", **OPERATOR)["nextCursor"]
    assert_problem(api.call("GET", f"/v1/holds?limit=1&cursor={cursor}", **OPERATOR), 400, "bad_cursor")
    assert_problem(api.call("GET", "/v1/holds?active=yes", **OPERATOR), 422, "validation_failed")
    assert_problem(api.call("GET", "/v1/holds?payer=x", **OPERATOR), 422, "validation_failed")


def test_holds_may_overlap_and_each_ends_by_itself(api: Api) -> None:
    first, second = place(api, payerId="alice"), place(api, payerId="alice")
    end(api, first)
    assert [hold["id"] for hold in api.get("/v1/holds?active=true", **OPERATOR)["data"]] == [second["id"]]


def test_too_many_holds_of_parties_are_a_409_but_everything_can_always_be_held(api: Api) -> None:
    api.rows(
        "INSERT INTO hold (id, payer_id, reason, placed_by)"
        " SELECT gen_random_uuid(), 'payer-' || n, 'fraud', 'operator' FROM generate_series(1, 10000) AS n"
    )
    response = api.call("POST", "/v1/holds", json={"reason": "fraud", "payeeId": "bob"}, **OPERATOR)
    assert_problem(response, 409, "too_many_holds")
    assert place(api)["payerId"] is None
