"""The document is true: whatever fits it is taken, whatever does not is refused, and every answer is as it says."""

import pytest

from api_service.links import LINKS
from tests.contract.town import Town
from tests.contract.walk import Walk, walk

REQUESTS = 1200
RARE = {"resolveEvent", "restoreEvent", "retryEvent"}
"""What few walks succeed in, for it takes several steps of which each is drawn; `test_examples` shows that they can."""

MOST_WALKS = 8
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
