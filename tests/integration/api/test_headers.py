"""What every answer says besides its body, and what none says."""

import pytest
from werkzeug.test import TestResponse

from tests.integration.api.client import Api

ID = "01890000-0000-7000-8000-000000000000"
ANSWERS = (
    ("GET", "/healthz", 200),
    ("GET", "/docs", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/v1/schedules", 200),
    ("GET", f"/v1/events/{ID}", 404),
    ("POST", "/v1/schedules", 415),
    ("DELETE", f"/v1/schedules/{ID}", 404),
    ("GET", "/nowhere", 404),
    ("PUT", "/v1/schedules", 405),
)


@pytest.fixture(params=ANSWERS, ids=lambda answer: f"{answer[0]} {answer[2]}")
def answer(request: pytest.FixtureRequest, untouched_api: Api) -> TestResponse:
    method, path, status = request.param
    response = untouched_api.call(method, path, headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == status
    return response


def test_every_answer_forbids_what_a_browser_would_otherwise_do_with_it(answer: TestResponse) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy


def test_pages_of_other_origins_read_nothing(answer: TestResponse) -> None:
    assert [name for name, _ in answer.headers if name.lower().startswith("access-control-")] == []


def test_no_route_answers_a_preflight(untouched_api: Api) -> None:
    """A browser asks before it sends a token or JSON to another origin; without a yes it does not."""
    asking = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    paths = {rule.rule for rule in untouched_api.app.url_map.iter_rules()}
    assert len(paths) > 20
    for path in paths:
        asked = path.replace("<uuid:", "<").replace("<string:run_date>", "2026-11-20")
        while "<" in asked:
            before, _, rest = asked.partition("<")
            asked = before + ("docs.js" if "any(" in rest else ID) + rest.partition(">")[2]
        response = untouched_api.call("OPTIONS", asked, headers=asking)
        assert response.status_code == 405, asked
        assert [name for name, _ in response.headers if name.lower().startswith("access-control-")] == []


def test_only_what_went_over_tls_says_that_tls_is_needed(untouched_api: Api) -> None:
    plain = untouched_api.call("GET", "/v1/schedules")
    secure = untouched_api.call("GET", "/v1/schedules", base_url="https://payday.example")
    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
