"""ETag, If-None-Match and If-Match carry the version of a thing."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier
from typing import Any

import pytest

from tests.integration.api.client import Api, assert_problem

MATCHING = ('"v1"', '"v0","v1"', '"v9" , W/"v1", "v1"', ',, "v1" ,', "*", " * ", '"v,1", "v1"')
STALE = ('"v2"', 'W/"v1"', 'w/"v1"', '"1"', '"V1"', '""', '"v1 "', '"v01"', '"v1", ""x')
MALFORMED = ("", " ", "v1", "x", '"v1', 'v1"', "'v1'", '"v1" "v2"', '"v1"; "v2"', '*, "v1"', '"v1", v2', "é", "\x7f")
BODIES: dict[str, dict[str, Any]] = {"PATCH": {"json": {"amount": "1.00"}}, "DELETE": {}}
PLACES = ("schedules", "events")


def test_a_schedule_is_always_answered_whole_because_payments_change_it_without_a_version(api: Api) -> None:
    made = api.schedule()
    response = api.call("GET", f"/v1/schedules/{made['id']}", headers={"If-None-Match": '"v1"'})
    assert (response.status_code, response.headers["ETag"]) == (200, '"v1"')
    api.set_status(made["events"][0]["id"], "cancelled", cancel_reason="skipped")
    response = api.call("GET", f"/v1/schedules/{made['id']}", headers={"If-None-Match": '"v1"'})
    assert response.get_json()["nextDate"] != made["nextDate"]


def test_who_has_an_events_version_gets_a_304_without_a_body(api: Api) -> None:
    path = f"/v1/events/{api.schedule()['events'][0]['id']}"
    assert api.call("GET", path).headers["ETag"] == '"v1"'
    for header in ('"v1"', 'W/"v1"', '"v9", "v1"', '"v9", W/"v1"', "*"):
        response = api.call("GET", path, headers={"If-None-Match": header})
        assert (response.status_code, response.get_data(), response.headers["ETag"]) == (304, b"", '"v1"')
    for header in ('"v2"', "v1", "v1x", "", '"', '"v1', "garbage \x7f"):
        assert api.call("GET", path, headers={"If-None-Match": header}).status_code == 200
    assert api.call("DELETE", path).headers["ETag"] == '"v2"'
    response = api.call("GET", path, headers={"If-None-Match": '"v1"'})
    assert (response.status_code, response.headers["ETag"]) == (200, '"v2"')


def address(api: Api, kind: str) -> str:
    """A new schedule, or its event."""
    made = api.schedule(frequency="once")
    return f"/v1/{kind}/{made['id'] if kind == 'schedules' else made['events'][0]['id']}"


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
@pytest.mark.parametrize("kind", PLACES)
def test_a_change_of_another_version_is_a_412_and_changes_nothing(api: Api, kind: str, method: str) -> None:
    path = address(api, kind)
    body = BODIES[method]
    for header in (*STALE, *MALFORMED):
        problem = assert_problem(api.call(method, path, headers={"If-Match": header}, **body), 412, "version_stale")
        assert ("quotes" in problem["detail"]) == (header not in STALE or header in ('w/"v1"', '"v1 "', '"v1", ""x'))
    assert api.get(path)["version"] == 1
    response = api.call(method, path, headers={"If-Match": '"v0", "v1"'}, **body)
    assert (response.status_code, response.headers["ETag"]) == (200, '"v2"')
    assert api.get(path)["version"] == 2


def test_a_change_of_this_version_is_made_however_it_is_listed(api: Api) -> None:
    for method, kind, header in product(("DELETE", "PATCH"), PLACES, MATCHING):
        body = BODIES[method]
        response = api.call(method, address(api, kind), headers={"If-Match": header}, **body)
        assert (response.status_code, response.headers["ETag"]) == (200, '"v2"'), header


def test_a_patch_must_say_what_it_changes_and_a_delete_need_not(api: Api) -> None:
    for kind in PLACES:
        path = address(api, kind)
        assert_problem(api.call("PATCH", path, json={"amount": "1.00"}), 428, "if_match_required")
        assert api.get(path)["version"] == 1
        assert api.call("DELETE", path).status_code == 200


@pytest.mark.parametrize("kind", PLACES)
def test_of_changes_made_at_once_to_one_version_exactly_one_is(api: Api, kind: str) -> None:
    path, together = address(api, kind), Barrier(6)

    def change(number: int) -> tuple[int, str]:
        body = {"amount": f"{number + 1}.00"}
        together.wait()
        response = api.call("PATCH", path, headers={"If-Match": '"v1"'}, json=body)
        return response.status_code, body["amount"]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(change, range(6)))
    assert sorted(status for status, _ in answers) == [200, *[412] * 5]
    [winner] = [amount for status, amount in answers if status == 200]
    assert (api.get(path)["amount"], api.get(path)["version"]) == (winner, 2)
    [row] = api.rows("SELECT count(*) FROM audit WHERE action LIKE '%.updated'")
    assert row[0] == 1


@pytest.mark.parametrize("kind", PLACES)
def test_the_very_same_delete_again_answers_as_before(api: Api, kind: str) -> None:
    made = api.schedule()
    path = f"/v1/{kind}/{made['id'] if kind == 'schedules' else made['events'][0]['id']}"
    first, again = (api.call("DELETE", path, headers={"If-Match": '"v1"'}) for _ in range(2))
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (200, first.get_data(), '"v2"')
