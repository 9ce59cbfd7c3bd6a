"""Whatever is sent: a problem that says what is wrong and where, never a 500, and nothing is stored."""

import json
from typing import Any

import pytest

from tests.integration.api.client import RENT, Api, assert_problem, pointers

FULL_WIDTH = "２０２６-１２-３１"


@pytest.fixture
def api(untouched_api: Api) -> Api:
    return untouched_api


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
