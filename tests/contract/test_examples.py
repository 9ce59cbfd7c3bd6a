"""Every example of the document is what it says: it is sent and succeeds, and the answer is the one that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator

from tests.bank import BankProcess
from tests.contract.document import Operation, operations, served
from tests.contract.story import BEFORE, Story
from tests.contract.walk import SCOPES
from tests.integration.api.client import TODAY, Api
from tests.world import World

ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z")
BY_OPERATORS: Final = re.compile("Hold|Run|resolve|Reconcile")


@pytest.fixture(scope="module")
def bank() -> Iterator[BankProcess]:
    with BankProcess() as bank:
        yield bank


@pytest.fixture
def story(api: Api, database_url: str, bank: BankProcess) -> Iterator[Story]:
    world = World(database_url, bank, today=TODAY, PROVIDER_MODE="none")
    yield Story(api, world)
    bank.clear_faults()
    world.close()


def test_a_story_leads_to_every_operation(shared_api: Api) -> None:
    assert {operation.name for operation in operations(served(shared_api))} == set(BEFORE)


@pytest.mark.parametrize("name", BEFORE)
def test_what_is_asked_is_answered_as_shown(api: Api, story: Story, name: str) -> None:
    [operation] = [operation for operation in operations(served(api)) if operation.name == name]
    status, _ = operation.success()
    response = api.call(
        operation.method,
        BEFORE[name](story),
        sub="olga" if BY_OPERATORS.search(name) else "alice",
        scopes=SCOPES[:3],
        headers={"If-Match": '"v1"'} if operation.method == "PATCH" else {},
        json=operation.request_example(),
    )
    assert response.status_code == status, response.get_data(as_text=True)
    assert shown(response.get_json(), operation.answer_example()) == changing_left_out(operation.answer_example())


def test_examples_fit_their_schemas(shared_api: Api) -> None:
    document = served(shared_api)
    for operation in operations(document):
        for schema, example in examples(operation):
            validator(document, schema).validate(example)
    for response in document["components"]["responses"].values():
        [content] = response["content"].values()
        validator(document, content["schema"]).validate(content["example"])


def examples(operation: Operation) -> Iterator[tuple[Any, Any]]:
    """Each example with its schema; every answer has one, and every body."""
    assert operation.answer_example() is not None
    yield operation.answer_schema(), operation.answer_example()
    if "requestBody" in operation.said:
        assert operation.request_example() is not None
        yield operation.request_schema(), operation.request_example()


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """A validator that knows the document's components, and formats too."""
    return Draft202012Validator({**schema, "components": document["components"]}, validate_formats=True)


def shown(answer: Any, example: Any) -> Any:
    """The answer without what changes, and with lists as long as the example's."""
    if isinstance(answer, dict) and isinstance(example, dict):
        return {name: shown(value, example.get(name)) for name, value in answer.items()}
    if isinstance(answer, list) and isinstance(example, list):
        assert bool(answer) == bool(example)
        return [shown(one, other) for one, other in zip(answer, example, strict=False)]
    return changing_left_out(answer)


def changing_left_out(value: Any) -> Any:
    """With ids and instants, which no example can foresee, replaced by what they are."""
    if isinstance(value, dict):
        return {name: changing_left_out(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [changing_left_out(inner) for inner in value]
    if not isinstance(value, str):
        return value
    return INSTANT.sub("an instant", ID.sub("an id", value))
