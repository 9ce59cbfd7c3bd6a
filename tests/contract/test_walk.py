"""The document is true: whatever fits it is taken, whatever does not is refused, and every answer is as it says."""

import json
from typing import Any

import pytest

from api_service.links import LINKS
from tests.contract.document import served
from tests.contract.town import Town
from tests.contract.walk import Walk, walk

REQUESTS = 2000
RARE = {"resolveEvent", "restoreEvent", "resumeSchedule", "retryEvent"}
"""What few walks succeed in, for it takes several steps of which each is drawn; `test_examples` shows that they can."""

MOST_WALKS = 12
"""A walk ends where schemathesis cannot repeat what it drew, since ids differ; another goes on from another seed."""


def assert_nothing_found(found: Walk) -> None:
    print(f"{found.requests} requests\n{found.table()}")
    shown = "\n\n".join(f"{times} times {fault}" for fault, times in found.faults.most_common(20))
    assert not found.faults, f"{len(found.faults)} findings:\n{shown}"


def test_a_few_requests_of_each_kind_find_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_nothing_found(walk(town, monkeypatch, "examples", "fuzzing", examples=3))


@pytest.mark.all
def test_requests_of_every_kind_find_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_nothing_found(walk(town, monkeypatch, "examples", "coverage", "fuzzing", examples=25))


@pytest.mark.all
def test_walks_from_call_to_call_find_nothing_and_reach_every_operation(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Walk()
    for seed in range(MOST_WALKS):
        with monkeypatch.context() as patch:
            found.add(walk(town, patch, "stateful", examples=60, seed=seed))
        if found.requests >= REQUESTS and found.reached() >= set(LINKS) - RARE:
            break
    assert_nothing_found(found)
    assert set(LINKS) - found.reached() <= RARE


@pytest.mark.all
@pytest.mark.parametrize(
    ("true", "lie", "found_by"),
    [
        ('"pattern": "^[A-Z]{3}$"', '"pattern": "^[a-z]{3}$"', "response_schema_conformance"),
        ('"maxLength": 35', '"maxLength": 36', "a_refusal_of_what_fits_is_of_a_relation"),
        ('"minimum": 0, "maximum": 31', '"minimum": 1, "maximum": 31', "negative_data_rejection"),
        ('"ETag": {', '"E-Tag": {', "response_headers_conformance"),
        ('"422": {', '"423": {', "status_code_conformance"),
        ('"application/problem+json": {', '"application/json": {', "content_type_conformance"),
    ],
    ids=["pattern", "length", "bound", "header", "status", "type"],
)
def test_a_document_that_lies_is_found_out(
    town: Town, monkeypatch: pytest.MonkeyPatch, true: str, lie: str, found_by: str
) -> None:
    document = served(town.api)
    paths: dict[str, Any] = {"/v1/schedules": {"post": document["paths"]["/v1/schedules"]["post"]}}
    paths["/v1/schedules"]["post"]["responses"]["201"].pop("links")
    text = json.dumps({**document, "paths": paths})
    assert true in text
    found = walk(town, monkeypatch, "examples", "coverage", examples=1, document=json.loads(text.replace(true, lie)))
    assert any(f": {found_by}: " in fault for fault in found.faults), list(found.faults)[:3]
