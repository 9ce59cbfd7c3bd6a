"""Reading queries and headers: everything that is wrong is said at once, with a pointer to each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from flask import Request
from marshmallow import RAISE, Schema, ValidationError
from marshmallow.fields import List
from webargs.flaskparser import FlaskParser

from api_service.conditional import required
from api_service.problems import Problem
from api_service.validation import problems_of


class Parser(FlaskParser):
    """Refuses a query's unknown and repeated names: a filter that is not what was meant would answer too much."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """The query; of a name that stands twice, two readers would take different values."""
        several = {field.data_key for field in schema.fields.values() if isinstance(field, List)}
        repeated = [name for name, values in req.args.lists() if len(values) > 1 and name not in several]
        if repeated:
            raise ValidationError({name: ["may be given only once"] for name in repeated})
        return super().load_querystring(req, schema)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Raises the problem: 422 for a query, what the view asks for otherwise."""
        if error_status_code == 428:
            required(None)
        messages: dict[str, Any] = error.messages_dict
        problems = [problem for part in messages.values() for problem in problems_of(part)]
        if error_status_code == 400:
            raise Problem(
                400, "idempotency_key_required", "A POST needs an Idempotency-Key of 1 to 255 visible ASCII characters."
            )
        raise Problem(422, "validation_failed", "Some values are not valid.", errors=problems)
