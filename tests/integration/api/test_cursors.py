"""Cursors: opaque, signed, of one caller, one list and its filters, and stable while rows change."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.api.client import Api, assert_problem

FRONT_END = ("schedules:read", "schedules:write", "payers:any")
OPERATOR = ("ops",)


@pytest.fixture
def cursor(api: Api) -> str:
    """Of alice's events."""
    api.schedule(frequency="daily", count=20)
    return str(api.get("/v1/events?limit=5")["nextCursor"])


def follow(api: Api, cursor: str, path: str = "/v1/events", **call: Any) -> Any:
    return api.call("GET", f"{path}{'&' if '?' in path else '?'}cursor={quote(cursor, safe='')}", **call)


def test_a_cursor_is_good_for_its_caller_only(api: Api, cursor: str) -> None:
    assert follow(api, cursor).get_json()["data"][0]["sequence"] == 6
    for sub, scopes in (("bob", ("schedules:read",)), ("front-end", FRONT_END), ("olga", OPERATOR)):
        assert_problem(follow(api, cursor, sub=sub, scopes=scopes), 400, "bad_cursor")
    for sub, scopes in (("front-end", FRONT_END), ("olga", OPERATOR)):
        theirs = str(api.get("/v1/events?limit=5&payerId=alice", sub=sub, scopes=scopes)["nextCursor"])
        path = "/v1/events?payerId=alice"
        assert follow(api, theirs, path, sub=sub, scopes=scopes).get_json()["data"][0]["sequence"] == 6
        for other in ("alice", "olga" if sub == "front-end" else "front-end"):
            assert_problem(follow(api, theirs, path, sub=other, scopes=scopes), 400, "bad_cursor")


def test_every_list_gives_cursors_of_its_own(api: Api) -> None:
    for _ in range(3):
        api.schedule(frequency="daily", count=3)
        api.call("POST", "/v1/holds", scopes=OPERATOR, json={"payerId": "zoe", "reason": "x"})
    api.rows(
        "INSERT INTO run (date, status, opened_at)"
        " SELECT DATE '2026-01-01' + n, 'open', now() FROM generate_series(1, 3) n"
    )
    api.rows(
        "INSERT INTO transaction (date, id, event_id, event_date, schedule_id, payer_id, payee_id, amount, currency,"
        " provider_ref) SELECT date, gen_random_uuid(), id, date, schedule_id, payer_id, payee_id, amount, currency,"
        " 'r' FROM event"
    )
    lists = ("/v1/schedules", "/v1/events", "/v1/transactions", "/v1/runs", "/v1/holds")
    scopes = ("schedules:read", "ops")
    cursors = {path: api.get(f"{path}?limit=1", scopes=scopes)["nextCursor"] for path in lists}
    assert len(set(cursors.values())) == len(lists)
    for path in lists:
        for source, cursor in cursors.items():
            response = follow(api, cursor, path, scopes=scopes)
            if source == path:
                assert len(response.get_json()["data"]) >= 2
            else:
                assert_problem(response, 400, "bad_cursor")


def test_a_cursor_that_was_touched_anywhere_is_a_400(api: Api, cursor: str) -> None:
    changed = [f"{cursor[:at]}{'A' if cursor[at] != 'A' else 'B'}{cursor[at + 1 :]}" for at in range(len(cursor))]
    cut = [cursor[:at] for at in range(1, len(cursor))] + [cursor[at:] for at in range(1, len(cursor))]
    longer = [
        f"{cursor}A",
        f"A{cursor}",
        f"{cursor}.{cursor}",
        f"{cursor}=",
        f" {cursor}",
        f"{cursor}%00",
        f".{cursor}",
    ]
    for touched in [*random.Random(7).sample(changed + cut, 40), *longer, changed[-1]]:
        assert_problem(follow(api, touched), 400, "bad_cursor")


def test_an_unsigned_position_is_a_400(api: Api, cursor: str) -> None:
    payload, _, signature = cursor.rpartition(".")
    position = base64.urlsafe_b64encode(b'["2026-01-01","01a203ba-7a30-7fd2-94a8-833133eb2fb3"]').rstrip(b"=").decode()
    for forged in (position, f"{position}.", f"{position}.{signature}", payload, f".{signature}", f"{payload}."):
        assert_problem(follow(api, forged), 400, "bad_cursor")


@given(text=st.text(min_size=1, max_size=60) | st.text('ABab01_-.=%"[],', min_size=1, max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_text_for_a_cursor_brings_a_list_down(shared_api: Api, text: str) -> None:
    for path in ("/v1/events", "/v1/schedules"):
        assert follow(shared_api, text, path).status_code in (400, 422)


class Payer:
    """Does at random what a payer and the worker do to events, beside one who pages through them."""

    def __init__(self, api: Api, seed: int) -> None:
        self._api, self._random = api, random.Random(seed)
        self.schedules = [api.schedule(frequency="daily", startDate="2026-12-01", count=12)["id"] for _ in range(3)]
        self.touched: set[str] = set()

    def act(self) -> None:
        self._random.choice((self._create, self._cancel, self._move, self._change, self._pay, self._drop))()

    def _create(self) -> None:
        start = f"2026-12-{self._random.randint(1, 28):02}"
        self._api.schedule(frequency="daily", startDate=start, count=self._random.randint(1, 6))

    def _cancel(self) -> None:
        event = self._pick()
        self._api.call("DELETE", f"/v1/events/{event['id']}")

    def _move(self) -> None:
        event = self._pick()
        self._patch(event, {"date": f"2026-12-{self._random.randint(1, 28):02}"})
        self.touched.add(event["id"])

    def _change(self) -> None:
        self._patch(self._pick(), {"amount": f"{self._random.randint(1, 99)}.00"})

    def _pay(self) -> None:
        reference = "01a20000-0000-7000-8000-000000000001"
        event = self._pick()
        self._api.set_status(event["id"], "paid", transaction_id=reference, first_sent_at="2026-11-20T12:00Z")

    def _drop(self) -> None:
        """A change of the rule cancels events and writes others."""
        schedule = self._api.get(f"/v1/schedules/{self._random.choice(self.schedules)}")
        headers = {"If-Match": f'"v{schedule["version"]}"'}
        body = {"interval": self._random.randint(1, 3)}
        self._api.call("PATCH", f"/v1/schedules/{schedule['id']}", headers=headers, json=body)

    def _patch(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        headers = {"If-Match": f'"v{event["version"]}"'}
        self._api.call("PATCH", f"/v1/events/{event['id']}", headers=headers, json=body)

    def _pick(self) -> dict[str, Any]:
        events = self._api.get("/v1/events?limit=200&status=scheduled")["data"]
        return dict(self._random.choice(events))


def positions(api: Api) -> dict[str, str]:
    """Where each event stands, by id."""
    return {str(row.id): str(row.date) for row in api.rows("SELECT id, date FROM event WHERE payer_id = 'alice'")}


def paged(api: Api, limit: int, between: Callable[[], None]) -> list[tuple[str, str]]:
    """Every row that pages show, as (date, id), while something happens between them."""
    seen: list[tuple[str, str]] = []
    page = api.get(f"/v1/events?limit={limit}")
    while True:
        seen += [(row["date"], row["id"]) for row in page["data"]]
        if page["nextCursor"] is None:
            return seen
        between()
        page = api.get(f"/v1/events?limit={limit}&cursor={quote(page['nextCursor'])}")


@pytest.mark.parametrize("seed", range(3))
def test_whoever_stays_in_place_is_seen_once_whatever_happens_around_it(api: Api, seed: int) -> None:
    payer = Payer(api, seed)
    before = positions(api)
    seen = paged(api, limit=4, between=payer.act)
    after = positions(api)
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)), "a row twice in one place"
    stayed = {(day, name) for name, day in before.items() if after.get(name) == day and name not in payer.touched}
    assert len(stayed) > 20
    assert stayed <= set(seen)
    assert set(seen) <= {(day, name) for name, day in (before | after).items()} | {
        row for row in seen if row[1] in payer.touched
    }
