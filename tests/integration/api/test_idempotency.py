"""A POST repeated with its key has one effect and one answer."""

import json
from datetime import date, timedelta

import pytest

from shared.db import idempotency
from shared.db.engine import make_sessions
from tests.integration.api.client import RENT, Api, assert_problem

NOWHERE = "01a203ba-7a30-7fd2-94a8-833133eb2fb3"
WRITTEN = ("schedule", "schedule_revision", "event", "batch", "audit", "idempotency_key")
RUN_DAYS = [date(2026, 11, 18), date(2026, 11, 19)]


def test_a_repetition_gets_the_first_answer_and_is_marked(api: Api) -> None:
    first = api.call("POST", "/v1/schedules", key="rent", json=RENT)
    again = api.call("POST", "/v1/schedules", key="rent", json=RENT)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.status_code == 201
    assert again.get_data() == first.get_data()
    assert (again.headers["Location"], again.headers["ETag"]) == (first.headers["Location"], '"v1"')
    assert [api.count(t) for t in ("schedule", "audit", "idempotency_key")] == [1, 1, 1]


def test_the_answer_stays_the_first_whatever_became_of_the_schedule(api: Api) -> None:
    first = api.schedule(key="rent")
    api.call("DELETE", f"/v1/schedules/{first['id']}")
    assert api.schedule(key="rent") == first


def test_spaces_and_order_make_no_other_body(api: Api) -> None:
    first = api.schedule(key="rent")
    reordered = "{" + ", ".join(f'"{name}":\n "{value}"' for name, value in reversed(RENT.items())) + "}"
    again = api.call("POST", "/v1/schedules", key="rent", data=reordered, content_type="application/json")
    assert again.get_json()["id"] == first["id"]


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ('"interval": 2', '"interval": 2.0'),
        ('"interval": 20e-1', '"interval": 2'),
        ('"retry": {"days": [0, 1]}', '"retry": {"days": [-0.0, 1E0]}'),
    ],
)
def test_one_number_written_in_two_ways_makes_no_other_body(api: Api, first: str, again: str) -> None:
    rent = json.dumps(RENT).removesuffix("}")
    answers = [
        api.call("POST", "/v1/schedules", key="rent", data=f"{rent}, {field}}}", content_type="application/json")
        for field in (first, again)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("other", ['"interval": 2.5', '"interval": "2"', '"interval": true', '"interval": 1'])
def test_what_is_no_such_number_makes_another_body(api: Api, other: str) -> None:
    api.schedule(key="rent", interval=2)
    rent = json.dumps({**RENT, "interval": None}).replace('"interval": null', other)
    response = api.call("POST", "/v1/schedules", key="rent", data=rent, content_type="application/json")
    assert response.status_code == 422


def test_the_same_key_with_another_body_is_a_422(api: Api) -> None:
    api.schedule(key="rent")
    response = api.call("POST", "/v1/schedules", key="rent", json={**RENT, "amount": "26.00"})
    assert_problem(response, 422, "idempotency_key_reused")
    assert api.count("schedule") == 1


def test_a_key_belongs_to_its_caller_and_its_address(api: Api) -> None:
    mine, bobs = api.schedule(key="rent"), api.schedule(sub="bob", key="rent")
    assert mine["id"] != bobs["id"]
    api.rows("INSERT INTO run (date, status, opened_at) SELECT d, 'open', now() FROM unnest(:days) AS d", days=RUN_DAYS)
    for day in RUN_DAYS:
        path = f"/v1/runs/{day}/close"
        closed = api.call("POST", path, key="rent", scopes=("ops",), json={"reason": "early"})
        assert (closed.get_json()["date"], closed.headers.get("Idempotent-Replayed")) == (str(day), None)


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    for wrong in ({"amount": "0"}, {"startDate": "2026-01-01"}, {"payerId": "bob"}):
        assert api.call("POST", "/v1/schedules", key="rent", json={**RENT, **wrong}).status_code in (422, 403)
    assert api.call("POST", "/v1/schedules", key="rent", data="{").status_code in (400, 415)
    assert api.count("idempotency_key") == 0
    api.schedule(key="rent")


def test_a_conflict_is_not_remembered(api: Api) -> None:
    event = f"/v1/events/{api.schedule()['events'][0]['id']}"
    assert_problem(api.call("POST", f"{event}/restore", key="back"), 409, "event_not_skipped")
    assert_problem(api.call("POST", f"/v1/events/{NOWHERE}/restore", key="back"), 404, "not_found")
    assert api.count("idempotency_key") == 1  # the schedule's
    api.call("DELETE", event)
    first = api.call("POST", f"{event}/restore", key="back")
    assert (first.status_code, first.get_json()["status"]) == (200, "scheduled")
    api.call("DELETE", event)
    assert api.call("POST", f"{event}/restore", key="back").get_data() == first.get_data()
    assert api.get(event)["status"] == "cancelled"


REFUSE_AT_COMMIT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'not today';
END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {table} DEFERRABLE INITIALLY {when}
  FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@pytest.mark.parametrize("when", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("table", ["idempotency_key", "audit", "event", "schedule_revision"])
def test_a_key_and_its_effect_are_written_both_or_neither(api: Api, table: str, when: str) -> None:
    """Whichever row the database refuses, at its insert or at the commit, nothing of the request stays."""
    api.rows(REFUSE_AT_COMMIT.format(table=table, when=when))
    for _ in range(2):
        assert_problem(api.call("POST", "/v1/schedules", key="rent", json=RENT), 500, "internal_error")
        assert [api.count(written) for written in WRITTEN] == [0] * len(WRITTEN)
    api.rows("DROP FUNCTION refuse CASCADE")
    response = api.call("POST", "/v1/schedules", key="rent", json=RENT)
    assert (response.status_code, response.headers.get("Idempotent-Replayed")) == (201, None)
    assert [api.count(t) for t in ("schedule", "audit", "idempotency_key")] == [1, 1, 1]


@pytest.mark.parametrize("key", [None, "a b", "ä", "x" * 256, "a\x7f", " "])
def test_a_key_that_is_missing_or_malformed_is_a_400(api: Api, key: str | None) -> None:
    for path, scopes in (("/v1/schedules", ("schedules:write",)), ("/v1/runs/2026-11-20/close", ("ops",))):
        response = api.call("POST", path, key=key, scopes=scopes, json={})
        assert_problem(response, 400, "idempotency_key_required")


@pytest.mark.parametrize("key", ["x" * 255, "!", "~a:/?#[]@$&'()*+,;=\"\\"])
def test_any_key_of_visible_ascii_is_taken(api: Api, key: str) -> None:
    api.schedule(key=key)


def test_a_key_in_use_is_a_409_that_says_when_to_come_back(api: Api) -> None:
    scope = idempotency.Scope("alice", "POST /v1/schedules", "rent")
    with make_sessions(api.engine).begin() as session:
        assert idempotency.enter(session, scope, "another request") is None
        response = api.call("POST", "/v1/schedules", key="rent", json=RENT)
        assert_problem(response, 409, "idempotency_in_flight")
        assert response.headers["Retry-After"] == "1"
    api.schedule(key="rent")


def test_keys_are_purged_after_their_time_and_not_before(api: Api) -> None:
    api.schedule(key="old")
    api.schedule(key="new")
    api.rows("UPDATE idempotency_key SET created_at = now() - interval '7 days 1 minute' WHERE key = 'old'")
    api.rows("UPDATE idempotency_key SET created_at = now() - interval '6 days 23 hours' WHERE key = 'new'")
    with make_sessions(api.engine).begin() as session:
        assert idempotency.purge(session) == 1
        assert idempotency.purge(session) == 0
        assert idempotency.purge(session, timedelta(0), limit=1) == 1
    assert api.count("idempotency_key") == 0


def test_a_key_whose_time_is_over_stands_for_a_new_request(api: Api) -> None:
    first = api.schedule(key="rent")
    api.rows("UPDATE idempotency_key SET created_at = now() - interval '8 days'")
    with make_sessions(api.engine).begin() as session:
        idempotency.purge(session)
    other = api.call("POST", "/v1/schedules", key="rent", json={**RENT, "amount": "26.00"})
    assert (other.status_code, other.headers.get("Idempotent-Replayed")) == (201, None)
    assert other.get_json()["id"] != first["id"]
    assert api.count("schedule") == 2
