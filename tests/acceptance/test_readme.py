"""What the README shows is what happens."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.acceptance.conftest import StartTown
from tests.town import ROOT

README = (ROOT / "README.md").read_text()


def test_the_readmes_curl_gets_the_readmes_answer(start_town: StartTown) -> None:
    (body,) = re.findall(r"-d '(\{.*?\})'", README, re.DOTALL)
    (shown,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    town = start_town(BUSINESS_DATE="2026-11-22")
    api = town.api()
    response = town.request("POST", f"{api.url}/v1/schedules", body=json.loads(body) | {"payerId": "alice"})
    assert response.status_code == 201
    answer, expected = response.json(), json.loads(shown)
    assert len(answer["events"]) == 18
    answer["events"] = answer["events"][: len(expected["events"])]
    answer["id"] = expected["id"]
    assert _only(answer, expected) == expected


def test_every_page_that_the_readme_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_readme_fits_on_two_screens() -> None:
    assert len(README.splitlines()) <= 90


def _only(found: Any, wanted: Any) -> Any:
    """`found` without what `wanted` leaves out."""
    if isinstance(wanted, dict):
        return {name: _only(found[name], value) for name, value in wanted.items()}
    if isinstance(wanted, list):
        return [_only(one, other) for one, other in zip(found, wanted, strict=True)]
    return found
