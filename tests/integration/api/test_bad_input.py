"""Whatever is sent: a problem that says what is wrong and where, never a 500, and nothing is stored."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api.client import RENT, Api, assert_problem, pointers

FULL_WIDTH = "２０２６-１２-３１"


@pytest.fixture(scope="module")
def shared_url(postgres_server: Any, template_database: str) -> Iterator[str]:
    """One database for all tests of this file: none of them may write to it."""
    name = postgres_server.create(template_database)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def api(shared_url: str) -> Iterator[Api]:
    api = Api(shared_url)
    yield api
    tables = ("schedule", "schedule_revision", "event", "batch", "run", "idempotency_key", "audit")
    assert {table: api.count(table) for table in tables} == dict.fromkeys(tables, 0)
    api.close()


def post_bytes(api: Api, content: bytes, content_type: str = "application/json", **headers: str) -> Any:
    return api.call("POST", "/v1/schedules", data=content, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"amount": 25.0}, "/amount"),
        ({"amount": 25}, "/amount"),
        ({"amount": None}, "/amount"),
        ({"amount": "25.001"}, "/amount"),
        ({"amount": "25.000"}, "/amount"),
        ({"amount": "0"}, "/amount"),
        ({"amount": "0.00"}, "/amount"),
        ({"amount": "-1.00"}, "/amount"),
        ({"amount": "+1.00"}, "/amount"),
        ({"amount": "1e3"}, "/amount"),
        ({"amount": "01.00"}, "/amount"),
        ({"amount": "1,000.00"}, "/amount"),
        ({"amount": ".5"}, "/amount"),
        ({"amount": "5."}, "/amount"),
        ({"amount": " 5"}, "/amount"),
        ({"amount": "5\n"}, "/amount"),
        ({"amount": "２５.００"}, "/amount"),
        ({"amount": "NaN"}, "/amount"),
        ({"amount": "Infinity"}, "/amount"),
        ({"amount": "1000000.01"}, "/amount"),
        ({"amount": "9" * 16}, "/amount"),
        ({"amount": "9" * 5000}, "/amount"),
        ({"amount": "25.5", "currency": "JPY"}, "/amount"),
        ({"amount": ["25.00"]}, "/amount"),
        ({"amount": {"value": "25.00"}}, "/amount"),
        ({"currency": "gbp"}, "/currency"),
        ({"currency": "XXX"}, "/currency"),
        ({"currency": "XAU"}, "/currency"),
        ({"currency": "ZZZ"}, "/currency"),
        ({"currency": "GB"}, "/currency"),
        ({"currency": 826}, "/currency"),
        ({"currency": "G\u0000P"}, "/currency"),
        ({"startDate": "2026-02-30"}, "/startDate"),
        ({"startDate": "2026-13-01"}, "/startDate"),
        ({"startDate": "20261231"}, "/startDate"),
        ({"startDate": "2026-W53-4"}, "/startDate"),
        ({"startDate": "2026-12-31T00:00:00Z"}, "/startDate"),
        ({"startDate": "31/12/2026"}, "/startDate"),
        ({"startDate": FULL_WIDTH}, "/startDate"),
        ({"startDate": "2026-12-31\n"}, "/startDate"),
        ({"startDate": "0000-01-01"}, "/startDate"),
        ({"startDate": 20261231}, "/startDate"),
        ({"startDate": "2026-11-19"}, "/startDate"),
        ({"endDate": "2026-12-30"}, "/endDate"),
        ({"endDate": "tomorrow"}, "/endDate"),
        ({"endDate": True}, "/endDate"),
        ({"frequency": "hourly"}, "/frequency"),
        ({"frequency": "MONTHLY"}, "/frequency"),
        ({"frequency": 12}, "/frequency"),
        ({"frequency": "\ud800"}, "/frequency"),
        ({"frequency": None}, "/frequency"),
        ({"interval": 0}, "/interval"),
        ({"interval": -1}, "/interval"),
        ({"interval": 1000}, "/interval"),
        ({"interval": 10**30}, "/interval"),
        ({"interval": 1.5}, "/interval"),
        ({"interval": 1.0}, "/interval"),
        ({"interval": True}, "/interval"),
        ({"interval": "1"}, "/interval"),
        ({"interval": None}, "/interval"),
        ({"frequency": "once", "interval": 2}, "/interval"),
        ({"count": 0}, "/count"),
        ({"count": -5}, "/count"),
        ({"count": 100_000}, "/count"),
        ({"count": False}, "/count"),
        ({"count": "3"}, "/count"),
        ({"payLate": 32}, "/payLate"),
        ({"payLate": -1}, "/payLate"),
        ({"payLate": True}, "/payLate"),
        ({"payLate": "5"}, "/payLate"),
        ({"reference": "x" * 36}, "/reference"),
        ({"reference": 7}, "/reference"),
        ({"reference": "a\u0000b"}, "/reference"),
        ({"reference": "a\nb"}, "/reference"),
        ({"reference": "\ud800"}, "/reference"),
        ({"reference": "a\u2028b"}, "/reference"),
        ({"payeeId": ""}, "/payeeId"),
        ({"payeeId": "x" * 65}, "/payeeId"),
        ({"payeeId": "land lord"}, "/payeeId"),
        ({"payeeId": "vermieter-ä"}, "/payeeId"),
        ({"payeeId": "a\u0000"}, "/payeeId"),
        ({"payeeId": "payee\n"}, "/payeeId"),
        ({"payeeId": "\udfff"}, "/payeeId"),
        ({"payeeId": 9}, "/payeeId"),
        ({"payeeId": None}, "/payeeId"),
        ({"payeeId": "alice"}, "/payeeId"),
        ({"payerId": None}, "/payerId"),
        ({"payerId": "bad id", "payeeId": "alice"}, "/payerId"),
        ({"payerId": ["alice"]}, "/payerId"),
        ({"unknown": 1}, "/unknown"),
        ({"payeeid": "x"}, "/payeeid"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"\u0000": 1}, "/\u0000"),
        ({"\ud800": 1}, "/\ud800"),
        ({"id": "x"}, "/id"),
        ({"status": "active"}, "/status"),
    ],
)
def test_a_wrong_value_is_a_422_with_its_pointer(api: Api, changes: dict[str, Any], wrong: str) -> None:
    response = post_bytes(api, json.dumps({**RENT, **changes}).encode())
    assert response.status_code == 422, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    assert pointers(response) == {wrong}


@pytest.mark.parametrize("field", sorted(RENT))
def test_a_missing_field_is_a_422_with_its_pointer(api: Api, field: str) -> None:
    body = {name: value for name, value in RENT.items() if name != field}
    assert pointers(api.call("POST", "/v1/schedules", json=body)) == {f"/{field}"}


def test_end_date_and_count_exclude_each_other(api: Api) -> None:
    response = api.call("POST", "/v1/schedules", json={**RENT, "endDate": "2027-12-31", "count": 3})
    assert pointers(response) == {"/endDate", "/count"}


def test_everything_that_is_wrong_is_said_at_once(api: Api) -> None:
    body = {
        "payeeId": "alice", "amount": "1.001", "currency": "GBP", "startDate": "2026-12-31", "frequency": "monthly",
        "endDate": "2026-12-01", "interval": 0, "payLate": 99, "monthEnd": "end", "x": 1,
    }  # fmt: skip
    expected = {"/payeeId", "/amount", "/endDate", "/interval", "/payLate", "/monthEnd", "/x"}
    assert pointers(api.call("POST", "/v1/schedules", json=body)) == expected


def test_a_wrong_start_date_does_not_hide_a_wrong_frequency(api: Api) -> None:
    body = {**RENT, "startDate": "soon", "frequency": "often"}
    assert pointers(api.call("POST", "/v1/schedules", json=body)) == {"/startDate", "/frequency"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"{",
        b"{'a': 1}",
        b'{"amount": NaN}',
        b'{"amount": Infinity}',
        b'{"amount": -Infinity}',
        b'{"amount": "1", "amount": "2"}',
        b'{"retry": {"days": [0], "days": [1]}}',
        b'{"a": 1,}',
        b"[1, 2",
        b'{"a": 01}',
        b'{"a": "\x00"}',
        b'{"a": "\n"}',
        b'{"a": "\\x41"}',
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        '{"a": 1}'.encode("utf-16"),
        b"// comment\n{}",
        b"{} {}",
        b"[" * 30_000,
        b'{"a":' * 12_000,
        b"[" * 30_000 + b"]" * 30_000,
    ],
)
def test_what_is_no_json_is_a_400(api: Api, content: bytes) -> None:
    assert_problem(post_bytes(api, content), 400, "malformed_json")


@pytest.mark.parametrize("content", [b"[]", b"null", b"1", b'"text"', b"true", b"1" * 5000, b"1e999", b"[[[[{}]]]]"])
def test_a_body_that_is_no_object_is_a_422(api: Api, content: bytes) -> None:
    response = post_bytes(api, content)
    assert_problem(response, 422, "validation_failed")
    assert "" in pointers(response)


@pytest.mark.parametrize(
    "content", [b'{"amount": 1e400}', b'{"count": ' + b"9" * 4999 + b"}", b'{"interval": -' + b"9" * 9000 + b"}"]
)
def test_a_huge_number_is_a_wrong_value(api: Api, content: bytes) -> None:
    assert_problem(post_bytes(api, content), 422, "validation_failed")


def test_deep_nesting_that_can_be_read_is_a_wrong_value(api: Api) -> None:
    content = b'{"retry": ' + b"[" * 200 + b"]" * 200 + b"}"
    assert "/retry" in pointers(post_bytes(api, content))


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/json; charset=latin-1", "application/problem+json"],
)  # fmt: skip
def test_another_content_type_is_a_415(api: Api, content_type: str) -> None:
    assert_problem(post_bytes(api, json.dumps(RENT).encode(), content_type), 415, "unsupported_media_type")


def test_a_compressed_body_is_a_415(api: Api) -> None:
    assert_problem(post_bytes(api, b"x", **{"Content-Encoding": "gzip"}), 415, "unsupported_media_type")


def test_a_body_above_64_kib_is_a_413(api: Api) -> None:
    fits = json.dumps({**RENT, "x": ""}).encode()
    padding = b" " * (64 * 1024 - len(fits))
    assert post_bytes(api, fits + padding).status_code == 422
    assert_problem(post_bytes(api, fits + padding + b" "), 413, "body_too_large")
    assert_problem(post_bytes(api, fits + padding * 3), 413, "body_too_large")


def test_a_length_that_is_fixed_is_told_as_one_number(api: Api) -> None:
    response = api.call("POST", "/v1/schedules", json={**RENT, "currency": "POUND"})
    assert response.get_json()["errors"] == [{"pointer": "/currency", "detail": "must be 3 characters"}]


def test_many_unknown_fields_are_not_answered_with_as_many_errors(api: Api) -> None:
    response = api.call("POST", "/v1/schedules", json={f"f{number}": 1 for number in range(2000)})
    assert len(response.get_json()["errors"]) == 50


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("limit=abc", "/limit"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=1.5", "/limit"),
        ("limit=", "/limit"),
        ("limit=٣", "/limit"),
        ("limit=" + "9" * 5000, "/limit"),
        ("status=payed", "/status/0"),
        ("status=paid&status=x", "/status/1"),
        ("from=2026-02-30", "/from"),
        ("from=yesterday", "/from"),
        ("to=２０２６-０１-０１", "/to"),
        ("from=2026-12-31&to=2026-12-30", "/to"),
        ("scheduleId=1", "/scheduleId"),
        ("scheduleId=%00", "/scheduleId"),
        ("payerId=", "/payerId"),
        ("payerId=a%20b", "/payerId"),
        ("payerId=%00", "/payerId"),
        ("limit=5&limit=5", "/limit"),
        ("payerId=alice&payerId=bob", "/payerId"),
        ("payer=alice", "/payer"),
        ("payerID=alice", "/payerID"),
    ],
)
def test_a_wrong_query_is_a_422_with_its_name(api: Api, query: str, wrong: str) -> None:
    response = api.call("GET", f"/v1/events?{query}")
    assert_problem(response, 422, "validation_failed")
    assert pointers(response) == {wrong}


@pytest.mark.parametrize("query", ["dryRun=true", "x=" + "Zq3_".join(map(str, range(1200)))], ids=["dryRun", "long"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/schedules"),
        ("POST", "/v1/schedules/preview"),
        ("GET", "/v1/runs/2026-11-20"),
        ("POST", "/v1/runs/2026-11-20/close"),
    ],
)
def test_a_query_where_there_is_none_is_a_422_and_has_no_effect(api: Api, method: str, path: str, query: str) -> None:
    response = api.call(method, f"{path}?{query}", scopes=("schedules:write", "ops"), json=RENT)
    assert_problem(response, 422, "validation_failed")
    assert pointers(response) == {f"/{query.partition('=')[0]}"}


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0.x", "e30.e30", "%00", "é", "null", "." * 500])
@pytest.mark.parametrize("path", ["/v1/schedules", "/v1/events", "/v1/transactions", "/v1/runs"])
def test_a_cursor_of_somebody_elses_making_is_a_400(api: Api, path: str, cursor: str) -> None:
    response = api.call("GET", f"{path}?cursor={cursor}", scopes=("ops",))
    assert response.status_code == (422 if cursor == "%00" else 400)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/schedules/1",
        "/v1/schedules/01a203ba-7a30-7fd2-94a8-833133eb2fb3",
        "/v1/schedules/01a203ba-7a30-7fd2-94a8-833133eb2fb3%00",
        "/v1/events/x",
        "/v1/events/%00",
        "/v1/events/01a203ba-7a30-7fd2-94a8-833133eb2fb3",
        "/v1/runs/2026-02-30",
        "/v1/runs/2026-11-20",
        "/v1/runs/today",
        "/v1/runs/２０２６-１１-２０",
        "/v1/runs/%00",
        "/v1/transactions/01a203ba-7a30-7fd2-94a8-833133eb2fb3",
        "/v1",
        "/",
        "/v1/schedules/",
        "/v1//schedules",
        "/static/x",
        "/docs/../app.py",
    ],
)
def test_what_is_not_there_is_a_404(api: Api, path: str) -> None:
    assert_problem(api.call("GET", path, scopes=("schedules:read", "ops")), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/schedules"),
        ("DELETE", "/v1/schedules"),
        ("OPTIONS", "/v1/schedules"),
        ("TRACE", "/v1/events"),
        ("POST", "/v1/events"),
        ("POST", "/v1/runs"),
        ("PUT", "/v1/schedules/01a203ba-7a30-7fd2-94a8-833133eb2fb3"),
        ("POST", "/healthz"),
        ("POST", "/docs"),
    ],
)
def test_another_method_is_a_405_that_says_which_there_are(api: Api, method: str, path: str) -> None:
    response = api.call(method, path)
    assert_problem(response, 405, "method_not_allowed")
    assert "GET" in response.headers["Allow"] or "DELETE" in response.headers["Allow"]
