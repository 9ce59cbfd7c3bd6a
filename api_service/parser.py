"""Reading queries and headers: everything that is wrong is said at once, with a pointer to each."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NoReturn

from flask import request
from marshmallow import Schema, ValidationError
from marshmallow.fields import List

from api_service.conditional import required
from api_service.problems import Problem
from api_service.validation import problems_of


def read_query(schema: Schema) -> dict[str, Any]:
    """The loaded query of this request.

    Raises Problem 422, also for unknown and repeated names: a filter that is not what was meant would answer too much,
    and of a name that stands twice, two readers would take different values.
    """
    return dict(_loaded(schema, request.query_string))


@lru_cache(maxsize=1024)
def _loaded(schema: Schema, _query_string: bytes) -> dict[str, Any]:
    """Callers ask with the same few queries, which say the same each time."""
    several = {field.data_key for field in schema.fields.values() if isinstance(field, List)}
    found = list(request.args.lists())
    repeated = [name for name, values in found if len(values) > 1 and name not in several]
    try:
        if repeated:
            raise ValidationError({name: ["may be given only once"] for name in repeated})
        return dict(schema.load({name: values if name in several else values[0] for name, values in found}))
    except ValidationError as error:
        raise _not_valid(error) from None


def read_headers(schema: Schema, error_status: int) -> dict[str, Any]:
    """The loaded headers of this request that the schema names. Raises Problem of that status."""
    names = (str(field.data_key) for field in schema.fields.values())
    said = {name: request.headers[name] for name in names if name in request.headers}
    try:
        return dict(schema.load(said) if said else _nothing_said(schema))
    except ValidationError as error:
        _refuse(error, error_status)


@lru_cache(maxsize=64)
def _nothing_said(schema: Schema) -> dict[str, Any]:
    """Most reads name no version that their caller has."""
    return dict(schema.load({}))


def _refuse(error: ValidationError, status: int) -> NoReturn:
    if status == 428:
        required(None)
    if status == 400:
        raise Problem(
            400, "idempotency_key_required", "A POST needs an Idempotency-Key of 1 to 255 visible ASCII characters."
        )
    raise _not_valid(error)


def _not_valid(error: ValidationError) -> Problem:
    problems = list(problems_of(error.messages))
    return Problem(422, "validation_failed", "Some values are not valid.", errors=problems)
