"""Whatever is asked for: a problem that says what is wrong and where, never a 500, and nothing is stored."""

import pytest

from tests.integration.api.client import RENT, Api, assert_problem, pointers


@pytest.fixture
def api(untouched_api: Api) -> Api:
    return untouched_api


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
        ("POST", "/v1/runs/2026-11-20/pause"),
        ("POST", "/v1/holds"),
    ],
)
def test_a_query_where_there_is_none_is_a_422_and_has_no_effect(api: Api, method: str, path: str, query: str) -> None:
    response = api.call(method, f"{path}?{query}", scopes=("schedules:write", "ops"), json=RENT)
    assert_problem(response, 422, "validation_failed")
    assert pointers(response) == {f"/{query.partition('=')[0]}"}


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0.x", "e30.e30", "%00", "é", "null", "." * 500])
@pytest.mark.parametrize("path", ["/v1/schedules", "/v1/events", "/v1/transactions", "/v1/runs", "/v1/holds"])
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
        ("DELETE", "/v1/holds"),
        ("PUT", "/v1/schedules/01a203ba-7a30-7fd2-94a8-833133eb2fb3"),
        ("POST", "/healthz"),
        ("POST", "/docs"),
    ],
)
def test_another_method_is_a_405_that_says_which_there_are(api: Api, method: str, path: str) -> None:
    response = api.call(method, path)
    assert_problem(response, 405, "method_not_allowed")
    assert "GET" in response.headers["Allow"] or "DELETE" in response.headers["Allow"]
