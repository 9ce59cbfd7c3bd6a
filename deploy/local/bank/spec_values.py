"""The values of a fault's fields: each is checked and converted by the name of its field."""

from __future__ import annotations

from collections.abc import Callable

FORMS = ("single", "batch", "ask", "list")
_CHOICES = {
    "when": ("before", "after"),
    "part": ("headers", "body"),
    "share_by": ("send", "key", "payer"),
    "how": ("fin", "rst", "refuse", "overloaded"),
}


class SpecRefused(Exception):
    """A fault that cannot be understood; the message names it and the field."""


def read_value(field: str, value: object, where: str) -> object:
    """The value of a field named in snake case. Raises SpecRefused, beginning with `where`."""
    if field in _CHOICES and value not in _CHOICES[field]:
        raise SpecRefused(f"{where}: one of {', '.join(_CHOICES[field])}")
    return _READERS.get(field, _string)(value, where)


def read_natural(value: object, where: str) -> int:
    """A whole number from 1."""
    if not _count(value, where):
        raise SpecRefused(f"{where}: 1 or more")
    return _count(value, where)


def _string(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise SpecRefused(f"{where}: a string")
    return value


def _strings(value: object, where: str) -> frozenset[str]:
    texts = value if isinstance(value, list) else [value]
    return frozenset(_string(text, where) for text in texts)


def _forms(value: object, where: str) -> frozenset[str]:
    wanted = _strings(value, where)
    wanted = frozenset(FORMS) if "any" in wanted else wanted
    if not wanted <= set(FORMS):
        raise SpecRefused(f"{where}: any of {', '.join(FORMS)}, or `any`")
    return wanted


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SpecRefused(f"{where}: a number")
    return float(value)


def _positive(value: object, where: str) -> float:
    number = _number(value, where)
    if number < 0:
        raise SpecRefused(f"{where}: not below zero")
    return number


def _share(value: object, where: str) -> float:
    number = _number(value, where)
    if not 0 <= number <= 1:
        raise SpecRefused(f"{where}: from 0 to 1")
    return number


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SpecRefused(f"{where}: a whole number")
    return value


def _truth(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise SpecRefused(f"{where}: true or false")
    return value


def _headers(value: object, where: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise SpecRefused(f"{where}: an object of strings")
    return tuple((_string(name, where), _string(content, where)) for name, content in value.items())


def _retry_after(value: object, where: str) -> str:
    return str(value) if isinstance(value, int | float) else _string(value, where)


def _anything(value: object, where: str) -> object:
    return value


_READERS: dict[str, Callable[[object, str], object]] = {
    "payer_id": _strings, "idempotency_key": _strings, "on": _forms, "send": read_natural, "share": _share,
    "after": _count, "times": _count, "for_seconds": _positive, "commit": _truth,
    "commit_after_seconds": _positive, "hidden": _truth, "delay_seconds": _positive, "seconds": _positive,
    "status": read_natural, "body": _anything, "headers": _headers, "retry_after": _retry_after,
    "retry_after_date_seconds": _number, "after_bytes": _count, "interval_seconds": _positive,
    "keep": _share, "bytes": _count, "chunked": _truth, "contradict": _truth,
    "recover_seconds": _positive, "recover_share": _share,
}  # fmt: skip
