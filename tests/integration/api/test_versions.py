"""ETag, If-None-Match and If-Match carry the version of a thing."""

import pytest

from tests.integration.api.client import Api, assert_problem


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
    for header in ('"v1"', 'W/"v1"', '"v9", "v1"', "*"):
        response = api.call("GET", path, headers={"If-None-Match": header})
        assert (response.status_code, response.get_data(), response.headers["ETag"]) == (304, b"", '"v1"')
    for header in ('"v2"', "v1x", "", '"', "garbage \x7f"):
        assert api.call("GET", path, headers={"If-None-Match": header}).status_code == 200
    assert api.call("DELETE", path).headers["ETag"] == '"v2"'
    response = api.call("GET", path, headers={"If-None-Match": '"v1"'})
    assert (response.status_code, response.headers["ETag"]) == (200, '"v2"')


@pytest.mark.parametrize("kind", ["schedules", "events"])
def test_a_delete_of_another_version_is_a_412_and_changes_nothing(api: Api, kind: str) -> None:
    made = api.schedule()
    path = f"/v1/{kind}/{made['id'] if kind == 'schedules' else made['events'][0]['id']}"
    for header in ('"v2"', 'W/"v1"', '"1"', "x"):
        assert_problem(api.call("DELETE", path, headers={"If-Match": header}), 412, "version_stale")
    assert api.get(path)["version"] == 1
    assert api.call("DELETE", path, headers={"If-Match": '"v0", "v1"'}).status_code == 200
    assert api.get(path)["version"] == 2


@pytest.mark.parametrize("kind", ["schedules", "events"])
def test_the_very_same_delete_again_answers_as_before(api: Api, kind: str) -> None:
    made = api.schedule()
    path = f"/v1/{kind}/{made['id'] if kind == 'schedules' else made['events'][0]['id']}"
    first, again = (api.call("DELETE", path, headers={"If-Match": '"v1"'}) for _ in range(2))
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (200, first.get_data(), '"v2"')
