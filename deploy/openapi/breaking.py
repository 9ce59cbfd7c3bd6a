"""Which changes of the document can break a client that was written for the document before.

A request that was taken must still be taken, and an answer must be one that was foreseen: the first may only become
wider, the second only narrower, but for fields that are new in an answer, which a client has to pass over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deploy.openapi.narrowing import GONE, LEFT_OUT, Loss, Resolve, losses

Document = Mapping[str, Any]
Operation = Mapping[str, Any]

ANSWERS: Final = {LEFT_OUT: "may now be missing", GONE: "is gone"}
METHODS: Final = ("get", "post", "put", "patch", "delete")


def breaking_changes(before: Document, now: Document) -> list[str]:
    """Each in a sentence with its place: `POST /v1/holds request /reason: no longer allows more than maxLength 9`."""
    return sorted(set(_changes(before, now)))


def _changes(before: Document, now: Document) -> Iterator[str]:
    after = dict(_operations(now))
    for name, was in _operations(before):
        if name not in after:
            yield f"{name}: is gone"
            continue
        pair = _Pair(name, was, after[name], before, now)
        yield from pair.changes()


def _operations(document: Document) -> Iterator[tuple[str, Operation]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                yield f"{method.upper()} {path}", {**item[method], "parameters": parameters}


class _Pair:
    """One operation, before and now."""

    def __init__(self, name: str, was: Operation, becomes: Operation, before: Document, now: Document) -> None:
        self.name, self.was, self.now = name, was, becomes
        self.before_of, self.now_of = _resolver(before), _resolver(now)

    def changes(self) -> Iterator[str]:
        if self.was.get("operationId") != self.now.get("operationId"):
            yield f"{self.name}: is called {self.now.get('operationId')} now"
        yield from self._security()
        yield from self._parameters()
        yield from self._body()
        yield from self._answers()

    def _security(self) -> Iterator[str]:
        allowed = self.now.get("security", [])
        for way in self.was.get("security", [{}]):
            if allowed and way not in allowed:
                yield f"{self.name}: is no longer allowed with {way or 'no token'}"

    def _parameters(self) -> Iterator[str]:
        was, now = _parameters(self.was, self.before_of), _parameters(self.now, self.now_of)
        for place, parameter in now.items():
            if parameter.get("required") and not was.get(place, {}).get("required"):
                yield f"{self.name} {place}: is required now"
        for place, parameter in was.items():
            if place not in now:
                yield f"{self.name} {place}: is gone"
            else:
                yield from self._narrowed(place, parameter["schema"], now[place]["schema"])

    def _body(self) -> Iterator[str]:
        was, now = self.was.get("requestBody", {}), self.now.get("requestBody", {})
        if now.get("required") and not was.get("required"):
            yield f"{self.name} request: is required now"
        for media_type, content in was.get("content", {}).items():
            if media_type not in now.get("content", {}):
                yield f"{self.name} request: is no longer read as {media_type}"
            else:
                yield from self._narrowed("request", content["schema"], now["content"][media_type]["schema"])

    def _narrowed(self, place: str, was: Any, now: Any) -> Iterator[str]:
        for loss in losses(was, now, self.before_of, self.now_of):
            yield f"{self.name} {place}{_at(loss)}: no longer allows {loss.what}"

    def _answers(self) -> Iterator[str]:
        for status, said in self.was["responses"].items():
            was, now = self.before_of(said), self.now_of(self.now["responses"].get(status, {}))
            if not now:
                if status.startswith("2"):
                    yield f"{self.name} answer {status}: is gone"
                continue
            for header in sorted(set(was.get("headers", {})) - set(now.get("headers", {}))):
                yield f"{self.name} answer {status}: has no {header} any more"
            for media_type, content in was.get("content", {}).items():
                yield from self._answer(f"answer {status}", media_type, content, now.get("content", {}))

    def _answer(self, place: str, media_type: str, content: Any, now: Mapping[str, Any]) -> Iterator[str]:
        if media_type not in now:
            yield f"{self.name} {place}: is no longer {media_type}"
            return
        schema = now[media_type]["schema"]
        for loss in losses(schema, content["schema"], self.now_of, self.before_of, fields_stay=True):
            yield f"{self.name} {place}{_at(loss)}: {ANSWERS.get(loss.what, f'may now be {loss.what}')}"


def _parameters(operation: Operation, resolve: Resolve) -> dict[str, Mapping[str, Any]]:
    resolved = map(resolve, operation["parameters"])
    return {f"{parameter['in']} {parameter['name']}": parameter for parameter in resolved}


def _at(loss: Loss) -> str:
    return f" {loss.pointer}" if loss.pointer else ""


def _resolver(document: Document) -> Resolve:
    def resolve(part: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in part:
            found: Any = document
            for name in part["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            part = found
        return part

    return resolve
