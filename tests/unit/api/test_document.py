"""The OpenAPI document and the page that shows it; no database is asked."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from api_service.app import create_app
from shared.db.engine import make_engine, make_sessions
from shared.settings import read_settings


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    settings = read_settings({"DATABASE_URL": "postgresql://127.0.0.1:1/none"})
    engine = make_engine(settings.database_url)
    yield create_app(settings, make_sessions(engine)).test_client()
    engine.dispose()


@pytest.fixture(scope="module")
def document(client: FlaskClient) -> Any:
    return client.get("/openapi.json").get_json()


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def test_every_operation_has_its_security_and_our_problems(document: Any) -> None:
    found = list(operations(document))
    assert len(found) >= 12
    for _, _, operation in found:
        assert operation["security"]
        assert operation["summary"]
        assert {"401", "403", "422", "429", "500", "503"} <= operation["responses"].keys()
        assert "default" not in operation["responses"]  # it would hide an answer that nobody thought of
    for name, response in document["components"]["responses"].items():
        assert [*response["content"]] == ["application/problem+json"], name
        assert response["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert response["headers"]["X-Request-Id"]["required"], name


def test_every_post_but_the_preview_documents_its_key(document: Any) -> None:
    posts = [operation for _, method, operation in operations(document) if method == "post"]
    keyless = [post["operationId"] for post in posts if not any(p["in"] == "header" for p in post["parameters"])]
    assert keyless == ["previewSchedule"]
    for post in posts:
        if post["operationId"] in keyless:
            continue
        (key,) = (p for p in post["parameters"] if p["in"] == "header")
        assert (key["name"], key["required"]) == ("Idempotency-Key", True)
        assert key["schema"]["pattern"] == "^[!-~]{1,255}$"
        assert {"400", "409"} <= post["responses"].keys()


def test_every_body_is_documented_with_an_example(document: Any) -> None:
    bodies = [operation for _, _, operation in operations(document) if "requestBody" in operation]
    assert len(bodies) >= 3
    for operation in bodies:
        assert operation["requestBody"]["content"]["application/json"]["example"]
        assert {"400", "413", "415", "422"} <= operation["responses"].keys()


def test_amounts_are_documented_as_text(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for name in ("ScheduleBody", "Schedule", "CreatedSchedule", "Event", "Transaction"):
        assert schemas[name]["properties"]["amount"]["type"] == "string", name


def test_a_caller_can_leave_out_what_it_cannot_write_as_null(document: Any) -> None:
    for path, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert parameter["schema"]["type"] in ("string", "integer", "boolean", "array"), (path, parameter)


def test_every_reference_of_the_document_leads_somewhere(document: Any) -> None:
    def follow(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                part = document
                for name in value["$ref"].removeprefix("#/").split("/"):
                    part = part[name]
            for inner in value.values():
                follow(inner)
        elif isinstance(value, list):
            for inner in value:
                follow(inner)

    follow(document)


def test_the_page_needs_nothing_from_elsewhere_and_runs_no_inline_script(client: FlaskClient) -> None:
    page = client.get("/docs")
    policy = page.headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"):
        assert rule in policy
    assert "unsafe" not in policy
    html = page.get_data(as_text=True)
    assert re.findall(r"<script\b[^>]*>(?!</script>)", html) == []
    assert " style=" not in html
    assert re.findall(r"\son\w+=", html) == []
    for address in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert client.get(address).status_code == 200, address
    script = client.get("/docs/docs.js")
    assert script.mimetype == "text/javascript"
    text = script.get_data(as_text=True)
    assert "innerHTML" not in text
    assert "http:" not in text
    assert "https:" not in text


def test_answers_say_what_a_browser_may_not_do(client: FlaskClient) -> None:
    for path in ("/healthz", "/nowhere", "/openapi.json", "/v1/events"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers
