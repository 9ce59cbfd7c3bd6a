"""Edits as callers make them; each is first asked for as a dry run, which must say the same and change nothing."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from tests.integration.api.client import Api

LIVE = "status <> 'cancelled' OR cancel_reason IN ('skipped', 'given_up')"
TABLES = ("event", "schedule", "schedule_revision", "pause", "batch", "audit", "run", "calendar_day", "idempotency_key")
FIVE_DAYS: dict[str, Any] = {"frequency": "daily", "startDate": "2026-11-20", "count": 5}


def patch(api: Api, path: str, body: dict[str, Any], *, version: int | None = None, **request: Any) -> TestResponse:
    """A PATCH of the version that is there, or of the one given."""
    if version is None:
        table, name = ("schedule", path.split("/")[3]) if "/schedules/" in path else ("event", path.split("/")[3])
        version = api.rows(f"SELECT version FROM {table} WHERE id = :id", id=name.partition("?")[0])[0].version
    return api.call("PATCH", path, json=body, headers={"If-Match": f'"v{version}"'}, **request)


def edit(api: Api, made: dict[str, Any], **body: Any) -> dict[str, Any]:
    """What changed in a schedule; `from_` stands for `from`."""
    if "from_" in body:
        body["from"] = body.pop("from_")
    path = f"/v1/schedules/{made['id']}"
    before = snapshot(api)
    asked = patch(api, f"{path}?dryRun=true", body)
    assert asked.status_code == 200, asked.get_data(as_text=True)
    assert snapshot(api) == before
    response = patch(api, path, body)
    assert response.status_code == 200, response.get_data(as_text=True)
    answer: dict[str, Any] = response.get_json()
    foreseen = asked.get_json()["changes"]
    assert foreseen.keys() == answer["changes"].keys() == {"updated", "cancelled", "created", "kept"}
    assert all("id" not in event for event in foreseen["created"])
    assert foreseen == {
        kind: [
            after if "id" in said else without_id(after) for said, after in zip(foreseen[kind], several, strict=True)
        ]
        for kind, several in answer["changes"].items()
    }
    assert response.headers["ETag"] == f'"v{answer["schedule"]["version"]}"'
    assert_stored(api, made, answer)
    return answer


def assert_stored(api: Api, made: dict[str, Any], answer: dict[str, Any]) -> None:
    """What was answered is what is stored, no nominal date lives twice, and sequences follow the dates (S3)."""
    stored = {event["id"]: event for event in events(api, made)}
    for kind, several in answer["changes"].items():
        for event in several:
            assert stored[event["id"]] == event, kind
    assert answer["schedule"] == api.get(f"/v1/schedules/{made['id']}")
    live = api.rows(
        f"SELECT nominal_date, sequence FROM event WHERE schedule_id = :id AND ({LIVE}) ORDER BY nominal_date",
        id=made["id"],
    )
    assert len({row.nominal_date for row in live}) == len(live)
    by_the_rule = [event["sequence"] for event in events(api, made, "scheduled", "paused") if not event["overridden"]]
    assert by_the_rule == sorted(set(by_the_rule))


def snapshot(api: Api) -> tuple[Any, ...]:
    """All that an edit could write."""
    counts = [api.count(table) for table in TABLES]
    return (
        counts,
        api.rows("SELECT * FROM event ORDER BY id"),
        api.rows("SELECT * FROM schedule ORDER BY id"),
        api.rows("SELECT * FROM run ORDER BY date"),
    )


def events(api: Api, made: dict[str, Any], *statuses: str) -> list[dict[str, Any]]:
    """Events of a schedule by nominal date, then sequence; all, or those of these statuses."""
    found: list[dict[str, Any]] = []
    wanted, cursor = "".join(f"&status={status}" for status in statuses), ""
    while True:
        page = api.get(f"/v1/events?scheduleId={made['id']}&limit=200{wanted}{cursor}")
        found += page["data"]
        if page["nextCursor"] is None:
            return sorted(found, key=lambda event: (event["nominalDate"], event["sequence"]))
        cursor = f"&cursor={page['nextCursor']}"


def without_id(event: dict[str, Any]) -> dict[str, Any]:
    """An event as it is answered before it is stored."""
    return {name: value for name, value in event.items() if name != "id"}


def nominal(several: list[dict[str, Any]]) -> list[str]:
    """Their nominal dates."""
    return [event["nominalDate"] for event in several]


def pay(api: Api, event: dict[str, Any], day: int = 1) -> None:
    """As the worker would settle it."""
    api.set_status(event["id"], "paid", transaction_id=f"01a20000-0000-7000-8000-{day:012d}")


def override(api: Api, event: dict[str, Any], **body: Any) -> None:
    assert patch(api, f"/v1/events/{event['id']}", body or {"amount": "99.00"}).status_code == 200
