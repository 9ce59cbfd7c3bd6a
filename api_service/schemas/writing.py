"""Fields and bases of what is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE
from marshmallow.fields import Field

from api_service.schemas.base import CamelSchema
from shared.domain.money import format_amount


class AnswerSchema(CamelSchema):
    """Writes every one of its fields, null where there is nothing; later versions may add more."""

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.required = True


class Money(Field[str]):
    """Minor units as decimal text, with exactly the decimals of the row's currency."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str:
        return format_amount(value, obj["currency"] if isinstance(obj, dict) else obj.currency)


class Instant(Field[datetime]):
    """An instant as RFC 3339 in UTC."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
