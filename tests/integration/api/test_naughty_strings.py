"""Any text in any place for text: taken and given back as it is, or refused with a problem and nothing stored."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
from werkzeug.test import TestResponse

from api_service.examples import asked
from shared.domain.plain_text import is_plain_text
from tests.integration.api.client import Api
from tests.integration.api.naughty_strings import NAUGHTY

SCOPES: Final = ("schedules:read", "schedules:write", "ops", "payers:any")
RUN: Final = "/v1/runs/2026-11-20"
NOWHERE: Final = "01a203ba-7a30-7fd2-94a8-833133eb2fb3"
OPERATIONS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "POST /v1/schedules": ("POST", asked.CREATE_SCHEDULE),
    "POST /v1/schedules/preview": ("POST", asked.PREVIEW_SCHEDULE),
    "PATCH /v1/schedules/{schedule}": ("PATCH", asked.EDIT_SCHEDULE),
    "POST /v1/schedules/{schedule}/pauses": ("POST", asked.PAUSE_SCHEDULE),
    "PATCH /v1/events/{event}": ("PATCH", asked.EDIT_EVENT),
    "POST /v1/events/{event}/retry": ("POST", asked.RETRY_EVENT),
    "POST /v1/events/{event}/resolve": ("POST", asked.RESOLVE_EVENT),
    f"POST {RUN}/close": ("POST", asked.CLOSE_RUN),
    "POST /v1/holds": ("POST", asked.PLACE_HOLD),
}
MORE_FIELDS: Final = {
    "POST /v1/schedules": ("payerId", "endDate", "firstAmount", "finalAmount", "calendar", "monthEnd", "dayConvention"),
    "PATCH /v1/schedules/{schedule}": (
        "payeeId",
        "reference",
        "frequency",
        "calendar",
        "currency",
        "overridden",
        "endDate",
    ),
    "PATCH /v1/events/{event}": ("payeeId", "reference"),
    "POST /v1/holds": ("payeeId",),
}
ECHOED: Final = ("reference", "payeeId", "payerId")
QUERIES: Final = {
    "/v1/events": ("payerId", "scheduleId", "from", "to", "status", "limit", "cursor", "other"),
    "/v1/schedules": ("payerId", "cursor", "limit"),
    "/v1/transactions": ("payerId", "scheduleId", "from", "cursor"),
    "/v1/runs": ("cursor", "limit"),
    "/v1/holds": ("active", "cursor"),
    "/v1/reconcile-items": ("date", "open", "cursor"),
}
HEADERS: Final = (
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-Id",
    "Authorization",
    "Content-Type",
    "Accept",
    "Content-Encoding",
)
PATHS: Final = (
    "/v1/schedules/{}",
    "/v1/events/{}",
    "/v1/runs/{}",
    "/v1/holds/{}",
    "/v1/schedules/{}/pauses",
    "/v1/{}",
    "/{}",
    "/docs/{}",
)

FEW: Final = 4
MANY: Final = 25
BODY_FIELDS: Final = [
    (operation, field)
    for operation, (_, body) in OPERATIONS.items()
    for field in (*(name for name in body if name != "limit"), *MORE_FIELDS.get(operation, ()))
]


@pytest.fixture
def there(api: Api) -> dict[str, str]:
    """What the addresses name."""
    api.rows("INSERT INTO run (date, status, opened_at) VALUES ('2026-11-20', 'open', '2026-11-20T00:00Z')")
    made = api.schedule()
    return {"schedule": made["id"], "event": made["events"][3]["id"]}


def texts(seed: int, number: int) -> list[str]:
    """So many of them, picked by the seed."""
    return random.Random(seed).sample(NAUGHTY, number)


def send(api: Api, method: str, path: str, **request: Any) -> TestResponse:
    headers = {"If-Match": "*", **request.pop("headers", {})} if method == "PATCH" else request.pop("headers", {})
    return api.call(method, path, scopes=SCOPES, headers=headers, **request)


def assert_taken_or_refused(api: Api, response: TestResponse, before: dict[str, int]) -> None:
    assert response.status_code < 500, response.get_data(as_text=True)
    if response.status_code >= 400:
        assert response.mimetype == "application/problem+json"
        assert response.get_json()["requestId"] == response.headers["X-Request-Id"]
        assert api.counts() == before


def put_into_bodies(api: Api, there: dict[str, str], number: int) -> int:
    sent = 0
    for seed, (operation, field) in enumerate(BODY_FIELDS):
        (method, body), path = OPERATIONS[operation], operation.partition(" ")[2].format(**there)
        for text in texts(seed, number):
            before = api.counts()
            content = json.dumps({**body, field: text})
            response = send(api, method, path, data=content, content_type="application/json")
            assert_taken_or_refused(api, response, before)
            if response.status_code < 300 and field in ECHOED:
                assert is_plain_text(text)
                assert json.dumps(text, ensure_ascii=False) in response.get_data(as_text=True)
            sent += 1
    return sent


def put_elsewhere(api: Api, number: int) -> int:
    sent = 0
    for seed, (method, path, name, request) in enumerate(_places()):
        for text in texts(seed, number):
            before = api.counts()
            wire = text.encode("utf-8", "surrogatepass")
            if name == "path":
                response = send(api, method, path.format(quote(wire, safe="")))
            elif name in HEADERS:
                value = wire.decode("latin-1").translate({10: " ", 13: " ", 0: " "})  # which no server lets through
                response = send(api, method, path, headers={name: value}, **request)
            else:
                response = send(api, method, f"{path}?{name}={quote(wire, safe='')}")
            assert_taken_or_refused(api, response, before)
            sent += 1
    return sent


def _places() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for path, names in QUERIES.items():
        yield from (("GET", path, name, {}) for name in names)
    yield from (("GET", path, "path", {}) for path in PATHS)
    for name in HEADERS:
        yield "GET", f"/v1/events/{NOWHERE}", name, {}
        yield "POST", "/v1/holds", name, {"data": b"{}"}
        yield "PATCH", f"/v1/events/{NOWHERE}", name, {"data": b"{}"}


def test_in_every_field_of_every_body(api: Api, there: dict[str, str]) -> None:
    print(put_into_bodies(api, there, FEW), "requests")


def test_in_every_query_header_and_address(api: Api) -> None:
    print(put_elsewhere(api, FEW), "requests")


@pytest.mark.all
def test_many_texts_in_every_place(api: Api, there: dict[str, str]) -> None:
    print(put_into_bodies(api, there, MANY) + put_elsewhere(api, MANY), "requests")


@pytest.mark.parametrize("text", ["a\u202eb", "\u2066a\u2069", "a\u2028b", "a\x00b", "a\x85b", "\ud800", "a\tb"])
def test_what_would_change_how_a_statement_reads_is_refused(untouched_api: Api, text: str) -> None:
    content = json.dumps({**asked.CREATE_SCHEDULE, "reference": text})
    response = send(untouched_api, "POST", "/v1/schedules", data=content, content_type="application/json")
    assert [error["pointer"] for error in response.get_json()["errors"]] == ["/reference"]


@pytest.mark.parametrize(
    "text", ["", "\u200eاجاره", "e\u0301", "👩🏽\u200d🤝\u200d👨🏿", "<b>&amp;'\"\\", "DROP TABLE event;"]
)
def test_what_only_looks_strange_is_given_back_as_it_is(api: Api, text: str) -> None:
    assert api.schedule(reference=text)["reference"] == text
    assert api.get("/v1/events")["data"][0]["reference"] == text
