"""Reading JSON that somebody else wrote: whatever the bytes are, the worst outcome is `UnreadableBody`."""

from __future__ import annotations

import json
from typing import Any

TEXT_LENGTH_MAX = 64
REFERENCE_LENGTH_MAX = 255


class UnreadableBody(Exception):
    """The body claims to be JSON and is not, or says two things at once."""


class _Rubbish:
    """Stands for a value that is no JSON, or an object that names a member twice; equal to nothing."""


_RUBBISH = _Rubbish()


def _only_once(members: list[tuple[str, Any]]) -> object:
    """An object as a dict; rubbish if it names a member twice (which of the two is meant?) or holds rubbish."""
    found = dict(members)
    if len(found) != len(members) or _RUBBISH in found.values():
        return _RUBBISH
    return found


# Numbers are never compared: as floats they cannot raise, as long integers they can.
_strict = json.JSONDecoder(object_pairs_hook=_only_once, parse_int=float, parse_constant=lambda _: _RUBBISH).decode
_quick = json.JSONDecoder(parse_int=float, parse_constant=lambda _: _RUBBISH).decode


def read_json(body: bytes) -> object:
    """The value in a body. Raises UnreadableBody: no UTF-8, no JSON, too deep, a member named twice, NaN."""
    try:
        value = _strict(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnreadableBody from error
    if value is _RUBBISH:
        raise UnreadableBody
    return value


def read_results(body: bytes) -> list[object]:
    """The `results` of a batch answer. Raises UnreadableBody.

    What is wrong within one result spoils that one alone (rule C8): it is then no dict, or holds text that equals
    nothing of ours.
    """
    text = body.decode("utf-8", "surrogateescape")
    try:
        answer = _quick(text)
        results = answer.get("results") if type(answer) is dict else None
        if type(results) is list and _flat_and_unique(text, answer, results):
            return results
        answer = _strict(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableBody from error
    results = answer.get("results") if type(answer) is dict else None
    if type(results) is not list:
        raise UnreadableBody
    return results


_SPACED = (" :", "\t:", "\n:", "\r:")


def _flat_and_unique(text: str, answer: dict[str, Any], results: list[Any]) -> bool:
    """Whether certainly no object names a member twice, without looking at each: a third of the time.

    Where no space precedes a colon every member's name ends in `":`, and whatever else does so only adds to them:
    as many of them as members were kept means that none was dropped. Anything else is read the thorough way.
    """
    if results and set(map(type, results)) != {dict}:
        return False
    if any(mark in text for mark in _SPACED):
        return False
    return text.count('":') == len(answer) + sum(map(len, results))


def claims_json(body: bytes) -> bool:
    """Whether a body is meant as a JSON object or array. An empty one or a web page is not."""
    return body.lstrip(b" \t\r\n")[:1] in (b"{", b"[")


def is_code(value: object) -> bool:
    """Whether a value can be kept as a decline's code: short, printable ASCII."""
    return type(value) is str and 0 < len(value) <= TEXT_LENGTH_MAX and value.isascii() and value.isprintable()


def is_reference(value: object) -> bool:
    """Whether a value can be kept as the provider's payment id.

    PostgreSQL refuses NUL, and a lone surrogate cannot be encoded: one such id would fail a whole settlement.
    """
    return type(value) is str and 0 < len(value) <= REFERENCE_LENGTH_MAX and value.isprintable()
