"""GET /v1/reconcile-items: the differences with the provider's record."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from shared.db import reconcile_items
from shared.db.engine import make_sessions
from shared.db.reconcile_items import Item
from tests.integration.api.client import Api, assert_problem

OPERATOR: dict[str, Any] = {"sub": "olga", "scopes": ("ops",)}
EVENT = UUID("01a203ba-7a30-7fd2-94a8-833133eb2fb3")
THEIRS = {"status": "succeeded", "payerId": "payer", "amount": "25.00", "currency": "GBP", "paymentId": "pay_1"}
DAY, NEXT = date(2026, 11, 19), date(2026, 11, 20)


@pytest.fixture
def found(api: Api) -> Api:
    """Two differences of one day, of which one is settled, and one of the next."""
    ours = {**THEIRS, "status": "failed", "providerRef": None}
    items = [
        Item("paid_there", "k1", "pay_1", EVENT, DAY, ours, THEIRS),
        Item("not_there", "k2", "", EVENT, DAY, ours, None),
        Item("no_event", "k3", "pay_3", None, None, None, THEIRS),
    ]
    with make_sessions(api.engine).begin() as session:
        reconcile_items.record(session, DAY, items[:2])
        reconcile_items.settle_others(session, DAY, [items[0].identity])
    with make_sessions(api.engine).begin() as session:
        reconcile_items.record(session, NEXT, items[2:])
    return api


def keys(api: Api, query: str = "") -> list[str]:
    return [item["idempotencyKey"] for item in api.get(f"/v1/reconcile-items{query}", **OPERATOR)["data"]]


def test_they_are_listed_newest_first(found: Api) -> None:
    assert keys(found) == ["k3", "k2", "k1"]
    *_, item = found.get("/v1/reconcile-items", **OPERATOR)["data"]
    assert (item["kind"], item["date"], item["eventId"]) == ("paid_there", "2026-11-19", str(EVENT))
    assert (item["theirs"], item["ours"]["status"], item["settledAt"]) == (THEIRS, "failed", None)
    assert item["foundAt"].endswith("Z")


def test_what_one_side_does_not_have_is_null(found: Api) -> None:
    stranger, lost, _ = found.get("/v1/reconcile-items", **OPERATOR)["data"]
    assert (stranger["eventId"], stranger["eventDate"], stranger["ours"]) == (None, None, None)
    assert (lost["paymentId"], lost["theirs"]) == (None, None)


def test_they_are_asked_for_by_day_and_by_whether_they_are_open(found: Api) -> None:
    assert keys(found, "?open=true") == ["k3", "k1"]
    assert keys(found, "?open=false") == ["k2"]
    assert keys(found, "?date=2026-11-19") == ["k2", "k1"]
    assert keys(found, "?date=2026-11-19&open=true") == ["k1"]


def test_pages_follow_each_other(found: Api) -> None:
    first = found.get("/v1/reconcile-items?limit=2", **OPERATOR)
    assert [item["idempotencyKey"] for item in first["data"]] == ["k3", "k2"]
    last = found.get(f"/v1/reconcile-items?limit=2&cursor={first['nextCursor']}", **OPERATOR)
    assert ([item["idempotencyKey"] for item in last["data"]], last["nextCursor"]) == (["k1"], None)
    other = found.call("GET", f"/v1/reconcile-items?open=true&cursor={first['nextCursor']}", **OPERATOR)
    assert_problem(other, 400, "bad_cursor")


def test_the_same_difference_is_one_item_and_open_again(found: Api) -> None:
    with make_sessions(found.engine).begin() as session:
        reconcile_items.record(session, DAY, [Item("not_there", "k2", "", EVENT, DAY, THEIRS, None)])
    assert keys(found, "?open=true") == ["k3", "k2", "k1"]
    assert found.count("reconcile_item") == 3


def test_they_are_for_operators_alone(api: Api) -> None:
    assert_problem(api.call("GET", "/v1/reconcile-items"), 403, "scope_missing")
