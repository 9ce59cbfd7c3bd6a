"""The sandbox's receiver as a process of its own, for tests in which somebody is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from deploy.local.receiver import main
from tests.sandbox import SandboxProcess

SECRET: Final = "whsec_YSBzZWNyZXQgdGhhdCBvbmx5IHRlc3RzIGhhdmU="


class ReceiverProcess(SandboxProcess):
    """A receiver that listens from construction on, with the command line's `options`; its fault is gone with the
    process. `url` is what NOTIFY_URL is to be."""

    def __init__(self, *options: str, secret: str = SECRET, journal: Path | None = None) -> None:
        super().__init__("receiver", main, ["--secret", secret, *options], journal, path="/notices")
        self.secret = secret
        self._start()

    def notices(self) -> list[dict[str, Any]]:
        """Every arrival in order, doubles included."""
        return list(self._rows())

    def ids(self, type: str | None = None, role: str | None = None) -> list[str]:  # noqa: A002 - a notice's own word
        """The ids of arrivals in order, doubles included: of this type, to this role."""
        return [
            notice["id"] for notice in self._rows() if type in (None, notice["type"]) and role in (None, notice["role"])
        ]

    def summary(self) -> dict[str, Any]:
        """Counts over distinct ids, and `calls`, `notices`, `refused` and `badSignatures` of all that came."""
        summary: dict[str, Any] = self._call("GET", "/summary").json()
        return summary

    def fault(self, **spec: object) -> None:
        """How it answers from now on: status, retryAfter, delaySeconds, drop, times."""
        self._call("PUT", "/fault", spec)

    def heal(self) -> None:
        self._call("DELETE", "/fault")

    def _rows(self) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None:
            page = self._call("GET", f"/notices?cursor={cursor}").json()
            yield from page["notices"]
            cursor = page["nextCursor"]
