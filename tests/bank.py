"""The sandbox bank as a process of its own, for tests that need a provider."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.bank import main
from tests.sandbox import SandboxProcess

_ROWS_A_PAGE = 1000

Spec = Mapping[str, object]


class BankProcess(SandboxProcess):
    """A bank that listens from construction on, with the command line's `options`."""

    def __init__(self, *options: str, faults: Sequence[Spec] = (), journal: Path | None = None) -> None:
        super().__init__("bank", main, options, journal)
        if faults:
            script = Path(self._folder.name) / "faults.json"
            script.write_text(json.dumps(list(faults)))
            self._command += ["--faults", str(script)]
        self._start()

    def faults(self, *specs: Spec) -> None:
        """Adds scripted faults behind those that are there."""
        self._call("POST", "/admin/faults", list(specs))

    def clear_faults(self) -> None:
        self._call("DELETE", "/admin/faults")

    def shown_faults(self) -> list[dict[str, Any]]:
        """Each fault with `suited` and `met`: how many requests it was for, how many it happened to."""
        faults: list[dict[str, Any]] = self._call("GET", "/admin/faults").json()["faults"]
        return faults

    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = self._call("GET", "/journal/summary").json()
        return summary

    def payments(self) -> Iterator[dict[str, Any]]:
        """Every effective payment, oldest first."""
        return self._rows("payments")

    def sends(self) -> Iterator[dict[str, Any]]:
        """Every send received, oldest first."""
        return self._rows("sends")

    def declines(self) -> Iterator[dict[str, Any]]:
        return self._rows("declines")

    def _rows(self, kind: str) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None:
            page = self._call("GET", f"/journal?kind={kind}&limit={_ROWS_A_PAGE}&cursor={cursor}").json()
            yield from page[kind]
            cursor = page["nextCursor"]
