"""Fields that read what a caller wrote, and say in a sentence what is wrong with it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from marshmallow import ValidationError
from marshmallow.fields import Field

from shared.domain.identifiers import PARTY_ID_PATTERN, is_party_id
from shared.domain.plain_text import PLAIN_TEXT_PATTERN, is_plain_text

T = TypeVar("T")

_DATE: Final = re.compile(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_UUID: Final = re.compile(r"\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_DIGITS: Final = re.compile(r"\A[0-9]{1,9}\Z")


class Read(Field[T]):
    """A field with our sentences; `metadata` is what the document says of it."""

    def __init__(self, *, metadata: dict[str, Any], extra: dict[str, Any]) -> None:
        super().__init__(
            error_messages={"required": "is required", "null": "must not be null"},
            **{**extra, "metadata": {**metadata, **extra.get("metadata", {})}},
        )


class Text(Read[str]):
    """A text of one line, `shortest` to `longest` characters; `metadata` may say more of its form."""

    def __init__(self, *, shortest: int = 1, longest: int, **kwargs: Any) -> None:
        documented = {"minLength": shortest, "maxLength": longest, "pattern": f"^{PLAIN_TEXT_PATTERN}$"}
        super().__init__(metadata=documented, extra=kwargs)
        self._shortest, self._longest = shortest, longest
        self._length = f"{longest}" if shortest == longest else f"{shortest} to {longest}"

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("must be a JSON string")
        if len(value) > self._longest or len(value) < self._shortest:
            raise ValidationError(f"must be {self._length} characters")
        if not is_plain_text(value):
            raise ValidationError("must not hold control characters, line breaks, lone surrogates or bidi overrides")
        return value


class VisibleAscii(Read[str]):
    """1 to `longest` of the characters `!` to `~`."""

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": f"^[!-~]{{1,{longest}}}$"}, extra=kwargs)
        self._pattern = re.compile(rf"\A[!-~]{{1,{longest}}}\Z")
        self._longest = longest

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not self._pattern.match(value):
            raise ValidationError(f"must be 1 to {self._longest} visible ASCII characters")
        return value


class PartyId(Read[str]):
    """A payer's or payee's id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"pattern": f"^{PARTY_ID_PATTERN}$"}, extra=kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not is_party_id(value):
            raise ValidationError("must be 1 to 64 visible ASCII characters")
        return value


class Day(Read[date]):
    """A date as YYYY-MM-DD, in ASCII digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "date"}, extra=kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        return parse_day(value)

    def _serialize(self, value: date | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else value.isoformat()


class Whole(Read[int]):
    """A whole number from `low` to `high`, as a JSON number, also as 5.0; from a query, as digits."""

    def __init__(self, *, low: int, high: int, digits: bool = False, **kwargs: Any) -> None:
        super().__init__(metadata={"minimum": low, "maximum": high}, extra=kwargs)
        self._low, self._high, self._digits = low, high, digits

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if self._digits and isinstance(value, str) and _DIGITS.match(value):
            value = int(value)
        number = whole_number(value)
        if number is None or not self._low <= number <= self._high:
            raise ValidationError(f"must be a whole number from {self._low} to {self._high}")
        return number


class Id(Read[UUID]):
    """The id of something of ours."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"format": "uuid"}, extra=kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> UUID:
        if not isinstance(value, str) or not _UUID.match(value):
            raise ValidationError("must be a UUID")
        return UUID(value)

    def _serialize(self, value: UUID | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else str(value)


class Choice(Read[str]):
    """One of a few words."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        documented = [*words, None] if kwargs.get("allow_none") else [*words]
        super().__init__(metadata={"enum": documented}, extra=kwargs)
        self._words = words

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if value not in self._words:
            raise ValidationError(f"must be one of {', '.join(self._words)}")
        return str(value)


class Flag(Read[bool]):
    """A yes or no in a query: `true` or `false`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "boolean"}, extra=kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if value not in ("true", "false"):
            raise ValidationError("must be true or false")
        return bool(value == "true")


def whole_number(value: Any) -> int | None:
    """A number without a fraction, which a body gives as an integer; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parse_day(value: Any) -> date:
    """A date as YYYY-MM-DD. Raises ValidationError; Python alone would also read 20260131 and 2026-W05-6."""
    try:
        if isinstance(value, str) and _DATE.match(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValidationError("must be a date of the calendar, as YYYY-MM-DD")
