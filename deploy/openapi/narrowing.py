"""What one JSON schema allows that another does not. It knows the keywords that the document uses, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

Schema = Mapping[str, Any]
Resolve = Callable[[Schema], Schema]

LEAST: Final = ("minimum", "minLength", "minItems")
MOST: Final = ("maximum", "maxLength", "maxItems")
EXACT: Final = ("pattern", "format", "uniqueItems", "readOnly")
KNOWN: Final = frozenset(
    {"type", "enum", "properties", "required", "additionalProperties", "items", "anyOf", *LEAST, *MOST, *EXACT}
)
SAYS_NOTHING: Final = frozenset({"$ref", "description", "title", "example", "examples", "default", "deprecated"})


LEFT_OUT: Final = "being left out"
GONE: Final = "having no such field"


class Loss(NamedTuple):
    """At `pointer`, what the narrower schema does not allow."""

    pointer: str
    what: str


class UnknownKeyword(Exception):
    """A keyword of JSON schema that this comparison would pass over."""


def losses(
    wide: Schema, narrow: Schema, resolve_wide: Resolve, resolve_narrow: Resolve, *, fields_stay: bool = False
) -> Iterator[Loss]:
    """What `wide` allows and `narrow` does not; with `fields_stay`, also the fields that only `narrow` names.

    Raises UnknownKeyword for a schema that cannot be judged.
    """
    yield from _Comparison(resolve_wide, resolve_narrow, fields_stay).losses("", wide, narrow)


@dataclass(frozen=True, slots=True)
class _Comparison:
    resolve_wide: Resolve
    resolve_narrow: Resolve
    fields_stay: bool

    def losses(self, at: str, wide: Schema, narrow: Schema) -> Iterator[Loss]:
        wide, narrow = self.resolve_wide(wide), self.resolve_narrow(narrow)
        unknown = (set(wide) | set(narrow)) - KNOWN - SAYS_NOTHING
        if unknown:
            raise UnknownKeyword(f"{at}: {', '.join(sorted(unknown))}")
        yield from (Loss(at, what) for what in [*_types(wide, narrow), *_values(wide, narrow), *_bounds(wide, narrow)])
        yield from self._fields(at, wide, narrow)
        yield from self._inner(f"{at}/*", wide.get("items"), narrow.get("items"))
        yield from self._alternatives(at, wide, narrow)

    def _fields(self, at: str, wide: Schema, narrow: Schema) -> Iterator[Loss]:
        for name in sorted(set(narrow.get("required", ())) - set(wide.get("required", ()))):
            yield Loss(f"{at}/{name}", LEFT_OUT)
        more, fewer = wide.get("additionalProperties", True), narrow.get("additionalProperties", True)
        if more is not False and fewer is False:
            yield Loss(at, "other fields")
        if self.fields_stay:
            for name in sorted(set(narrow.get("properties", ())) - set(wide.get("properties", ()))):
                yield Loss(f"{at}/{name}", GONE)
        for name, inner in wide.get("properties", {}).items():
            if name in narrow.get("properties", {}):
                yield from self.losses(f"{at}/{name}", inner, narrow["properties"][name])
            elif fewer is False:
                yield Loss(f"{at}/{name}", "being there")
        if isinstance(more, Mapping) and isinstance(fewer, Mapping):
            yield from self.losses(f"{at}/*", more, fewer)

    def _inner(self, at: str, wide: Schema | None, narrow: Schema | None) -> Iterator[Loss]:
        if narrow is not None:
            yield from self.losses(at, wide or {}, narrow)

    def _alternatives(self, at: str, wide: Schema, narrow: Schema) -> Iterator[Loss]:
        """Alternatives are compared in their order; where they are not as many, nobody can say."""
        ones, others = wide.get("anyOf", []), narrow.get("anyOf", [])
        if others and len(ones) != len(others):
            yield Loss(at, "another number of alternatives")
        for one, other in zip(ones, others, strict=False):
            yield from self.losses(at, one, other)


def _types(wide: Schema, narrow: Schema) -> Iterator[str]:
    if "type" not in narrow:
        return
    allowed = _listed(narrow["type"])
    for name in _listed(wide.get("type", "any")):
        if name not in allowed and not (name == "integer" and "number" in allowed):
            yield f"the type {name}"


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _values(wide: Schema, narrow: Schema) -> Iterator[str]:
    if "enum" not in narrow:
        return
    if "enum" not in wide:
        yield "any value but a few"
    for value in wide.get("enum", ()):
        if value not in narrow["enum"]:
            yield f"the value {value}"


def _bounds(wide: Schema, narrow: Schema) -> Iterator[str]:
    for name in LEAST:
        if name in narrow and wide.get(name, float("-inf")) < narrow[name]:
            yield f"less than {name} {narrow[name]}"
    for name in MOST:
        if name in narrow and wide.get(name, float("inf")) > narrow[name]:
            yield f"more than {name} {narrow[name]}"
    for name in EXACT:
        if narrow.get(name, False) not in (False, wide.get(name)):
            yield f"what is not of the {name} {narrow[name]}"
