"""The document as the app serves it, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.integration.api.client import Api


class Operation(NamedTuple):
    """One operation of a document."""

    name: str
    method: str
    path: str
    said: dict[str, Any]

    def request_example(self) -> Any:
        """The body to send; None where it takes none."""
        return self._content("requestBody").get("example")

    def request_schema(self) -> Any:
        return self._content("requestBody")["schema"]

    def success(self) -> tuple[int, dict[str, Any]]:
        """The status that it answers when all is well, and what is said of it."""
        [status] = [status for status in self.said["responses"] if status.startswith("2")]
        return int(status), self.said["responses"][status]

    def answer_example(self) -> Any:
        return self.success()[1]["content"]["application/json"]["example"]

    def answer_schema(self) -> Any:
        return self.success()[1]["content"]["application/json"]["schema"]

    def _content(self, part: str) -> dict[str, Any]:
        content: dict[str, Any] = self.said.get(part, {}).get("content", {}).get("application/json", {})
        return content


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Every operation, in the order of the document."""
    for path, item in document["paths"].items():
        for method, said in item.items():
            if method != "parameters":
                yield Operation(said["operationId"], method.upper(), path, said)


def served(api: Api) -> dict[str, Any]:
    """The document of an app."""
    document: dict[str, Any] = api.get("/openapi.json", sub=None)
    return document
