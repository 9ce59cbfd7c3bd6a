"""From what a schema found wrong to the problems of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow.exceptions import SCHEMA

from shared.domain.errors import FieldProblem, Invalid


def load(schema: Schema, body: Any) -> dict[str, Any]:
    """The fields of a parsed body. Raises Invalid with every problem."""
    fields, problems = load_what_is_right(schema, body)
    if problems:
        raise Invalid(*problems)
    return fields


def load_what_is_right(schema: Schema, body: Any) -> tuple[dict[str, Any], list[FieldProblem]]:
    """The fields of a parsed body that are well formed, and what is wrong with the others."""
    try:
        return dict(schema.load(body)), []
    except ValidationError as error:
        fields = error.valid_data if isinstance(error.valid_data, dict) else {}
        return fields, list(problems_of(error.messages))


def problems_of(messages: Any, pointer: str = "") -> Iterator[FieldProblem]:
    """The problems in a schema's nested messages, each with its JSON pointer (RFC 6901)."""
    if isinstance(messages, dict):
        for name, inner in messages.items():
            yield from problems_of(inner, pointer if name == SCHEMA else f"{pointer}/{_escaped(str(name))}")
    else:
        for message in messages:
            yield FieldProblem(pointer, str(message))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
