"""A problem as it is answered (RFC 9457)."""

from __future__ import annotations

from marshmallow import EXCLUDE
from marshmallow.fields import Integer, List, Nested, String

from api_service.schemas.base import CamelSchema
from api_service.schemas.writing import AnswerSchema


class FieldProblemSchema(AnswerSchema):
    """One value that is wrong."""

    pointer = String(metadata={"description": "RFC 6901, into the request body; of a query: / and the name."})
    detail = String()


class ProblemSchema(CamelSchema):
    """Why a request was refused; `errors` only where single values are to blame."""

    class Meta:
        unknown = EXCLUDE

    type = String(required=True, metadata={"example": "urn:payday:problem:validation_failed"})
    title = String(required=True)
    status = Integer(required=True, metadata={"minimum": 400, "maximum": 599})
    detail = String(required=True)
    code = String(required=True, metadata={"description": "Stable; to be compared by programs."})
    request_id = String(required=True)
    errors = List(Nested(FieldProblemSchema))
