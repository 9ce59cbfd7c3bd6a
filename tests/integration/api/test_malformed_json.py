"""Bodies that are no JSON, or JSON that parsers disagree about: refused, never a 500, and nothing is stored."""

from __future__ import annotations

import gzip
import json
import zlib
from io import BytesIO
from typing import Any

import pytest

from tests.integration.api.client import RENT, Api, assert_problem
from tests.integration.api.json_texts import EITHER, JSON, NO_JSON

NOWHERE = "01a203ba-7a30-7fd2-94a8-833133eb2fb3"
RENT_BYTES = json.dumps(RENT).encode()
TAKING_BODIES = [
    ("POST", "/v1/schedules"),
    ("POST", "/v1/schedules/preview"),
    ("PATCH", f"/v1/schedules/{NOWHERE}"),
    ("POST", f"/v1/schedules/{NOWHERE}/pauses"),
    ("PATCH", f"/v1/events/{NOWHERE}"),
    ("POST", f"/v1/events/{NOWHERE}/restore"),
    ("POST", f"/v1/events/{NOWHERE}/retry"),
    ("POST", f"/v1/events/{NOWHERE}/resolve"),
    ("POST", "/v1/runs/2026-11-20/pause"),
    ("POST", "/v1/holds"),
]


@pytest.fixture
def api(untouched_api: Api) -> Api:
    return untouched_api


def send(api: Api, content: bytes, method: str = "POST", path: str = "/v1/schedules", **request: Any) -> Any:
    headers = {"If-Match": '"v1"', **request.pop("headers", {})}
    request = {"content_type": "application/json", "scopes": ("schedules:write", "ops"), **request}
    return api.call(method, path, data=content, headers=headers, **request)


def test_what_is_no_json_is_a_400(api: Api) -> None:
    for content in NO_JSON:
        response = send(api, content)
        assert response.status_code == 400, (content[:80], response.get_data(as_text=True))
        assert_problem(response, 400, "malformed_json")


def test_json_that_is_no_body_of_ours_is_a_422(api: Api) -> None:
    for content in JSON:
        assert send(api, content).status_code == 422, content[:80]


def test_what_parsers_disagree_about_is_read_or_refused(api: Api) -> None:
    for content in EITHER:
        assert send(api, content).status_code in (400, 422), content[:80]


@pytest.mark.parametrize(("method", "path"), TAKING_BODIES)
@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"a": NaN}', b'{"a": 1, "a": 1}', b"[" * 30_000])
def test_every_call_reads_its_body_the_same_way(api: Api, method: str, path: str, content: bytes) -> None:
    assert_problem(send(api, content, method, path), 400, "malformed_json")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/json",
        "application/x-json",
        "application/json-patch+json",
        "application/merge-patch+json",
        "application/ld+json",
        "text/html",
        "application/octet-stream",
        "application/yaml",
        "json",
        "*/*",
        "application/*",
        "application/json, text/plain",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-7",
        'application/json; charset="utf 8"',
        "multipart/form-data",
        "multipart/mixed; boundary=x",
    ],
)
def test_another_type_or_charset_is_a_415(api: Api, content_type: str) -> None:
    assert_problem(send(api, RENT_BYTES, content_type=content_type), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzip.compress(RENT_BYTES, mtime=0)),
        ("x-gzip", gzip.compress(RENT_BYTES, mtime=0)),
        ("deflate", zlib.compress(RENT_BYTES)),
        ("br", b"\x0b\x02\x80{}\x03"),
        ("zstd", b"\x28\xb5\x2f\xfd"),
        ("gzip, gzip", gzip.compress(gzip.compress(RENT_BYTES, mtime=0), mtime=0)),
        ("identity, gzip", gzip.compress(RENT_BYTES, mtime=0)),
        ("nonsense", RENT_BYTES),
        ("gzip", gzip.compress(b" " * 60_000_000, mtime=0)),
    ],
)
def test_an_encoded_body_is_a_415_and_is_never_unpacked(api: Api, encoding: str, content: bytes) -> None:
    assert_problem(send(api, content, headers={"Content-Encoding": encoding}), 415, "unsupported_media_type")


def test_a_packed_body_that_does_not_say_so_is_a_400(api: Api) -> None:
    assert_problem(send(api, gzip.compress(RENT_BYTES, mtime=0)), 400, "malformed_json")


def test_a_body_that_is_shorter_than_it_says_is_refused(api: Api) -> None:
    response = send(api, b'{"payeeId"', headers={"Content-Length": "5000"})
    assert response.status_code in (400, 413)


@pytest.mark.parametrize("length", ["-1", "0", "one", "1e3", "٣", "99999999999999999999", ""])
def test_a_length_that_is_none_is_refused(api: Api, length: str) -> None:
    environment = {"CONTENT_LENGTH": length.encode().decode("latin-1"), "wsgi.input": BytesIO(RENT_BYTES)}
    response = send(api, b"", environ_overrides=environment)
    assert response.status_code in (400, 413), response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"


def test_a_chunked_body_is_read_as_any_other(api: Api) -> None:
    def chunked(content: bytes) -> Any:
        environment = {"wsgi.input": BytesIO(content), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        return send(api, b"", headers={"Transfer-Encoding": "chunked"}, environ_overrides=environment)

    assert_problem(chunked(b'{"payeeId": "landlord-9", "x": 1}'), 422, "validation_failed")
    assert_problem(chunked(b"{"), 400, "malformed_json")
    assert_problem(chunked(b" " * 70_000), 413, "body_too_large")
