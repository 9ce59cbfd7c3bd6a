"""/metrics: what operators see of the API, without a name in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

import shared.cache
from api_service.auth.development import make_token
from tests.integration.api.client import Api
from tests.integration.api.served import Served


def metrics(api: Api) -> str:
    answer = api.call("GET", "/metrics", sub="operator", scopes=("ops",))
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    return answer.get_data(as_text=True)


def value(shown: str, name: str, **labels: str) -> float:
    wanted = ",".join(f'{label}="{text}"' for label, text in labels.items())
    found = re.search(rf"^{name}\{{{re.escape(wanted)}\}} (\S+)$", shown, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_hit_ratio_of_the_cache_and_its_times_can_be_seen(
    database_url: str, cache_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.cache, "TIMEOUT_SECONDS", 60.0)
    api = Api(database_url, CACHE_URL=cache_url)
    api.schedule()
    before = metrics(api)
    for _ in range(4):
        api.get("/v1/events")
    after = metrics(api)
    name = "payday_event_page_seconds_count"
    assert value(after, name, source="miss") - value(before, name, source="miss") == 1
    assert value(after, name, source="hit") - value(before, name, source="hit") == 3
    assert value(after, "payday_event_page_seconds_sum", source="hit") > 0
    api.close()


def test_requests_are_counted_by_route_and_name_nobody(api: Api) -> None:
    made = api.schedule(sub="alice-the-payer", reference="alices-secret")
    before = metrics(api)
    api.get(f"/v1/schedules/{made['id']}", sub="alice-the-payer")
    api.call("GET", "/v1/events?payerId=alice-the-payer", sub="bob-the-payer")
    api.call("GET", "/v1/alice-the-payer", sub="alice-the-payer")
    api.call("ALICE-THE-PAYER", "/v1/events/alice-the-payer")
    after = metrics(api)
    labels = {"method": "GET", "route": "/v1/schedules/<uuid:schedule_id>", "status": "200"}
    name = "payday_request_seconds_count"
    assert value(after, name, **labels) - value(before, name, **labels) == 1
    assert [word for word in ("alice", "bob", "ALICE", "secret", made["id"]) if word in after] == []


def test_only_operators_see_them(api: Api) -> None:
    assert api.call("GET", "/metrics", sub=None).status_code == 401
    assert api.call("GET", "/metrics").status_code == 403


def test_gunicorns_processes_are_counted_together_and_leave_no_folder(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    with Served(database_url, tmp_path, TMPDIR=str(folder)) as served:
        asked = 40
        for _ in range(asked):
            requests.get(f"{served.url}/version", timeout=5)  # each on a connection of its own: both processes answer
        token = make_token("operator", ["ops"])
        shown = requests.get(f"{served.url}/metrics", headers={"Authorization": f"Bearer {token}"}, timeout=5).text
        count = value(shown, "payday_request_seconds_count", method="GET", route="/version", status="200")
        assert count == asked
        assert list(folder.glob("payday-metrics-*"))
        served.stop()
    assert list(folder.glob("payday-metrics-*")) == []


def test_what_waits_to_be_told_and_what_was_given_up_can_be_seen(api: Api) -> None:
    assert value(metrics(api), "payday_outbox_rows", state="waiting") == 0
    for state, count in (("waiting", 2), ("dead", 1)):
        for _ in range(count):
            api.rows(
                "INSERT INTO outbox (kind, notices, state, created_at)"
                f" VALUES ('facts', '{{}}', '{state}', now() - interval '1 hour') RETURNING id"
            )
    shown = metrics(api)
    assert value(shown, "payday_outbox_rows", state="waiting") == 2
    assert value(shown, "payday_outbox_rows", state="dead") == 1
    (oldest,) = re.findall(r"^payday_outbox_oldest_seconds (\S+)$", shown, re.MULTILINE)
    assert 3600 <= float(oldest) < 3700
