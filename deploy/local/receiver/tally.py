"""What the kept notices add up to: read when somebody asks, from where it was read before."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, Final

from deploy.local.receiver.journal import Call, Fate, Journal

_SHOWN: Final = 100


class Tally:
    """Counts over the journal. `seen`: by id what its notice said when it came first, as a hash."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._offset = 0
        self._calls = dict.fromkeys(Fate, 0)
        self._notices = 0
        self._unreadable = 0
        self._seen: dict[str, int] = {}
        self._contradicted: set[str] = set()
        self._by_type: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._first_at: float | None = None
        self._last_at: float | None = None

    def summary(self) -> dict[str, object]:
        """All that came until now."""
        for call in self._journal.calls(self._offset):
            self._offset = call.behind
            self._calls[call.fate] += 1
            if call.fate is Fate.KEPT:
                self._count(call)
        return {
            "calls": self._calls[Fate.KEPT],
            "notices": self._notices,
            "distinct": len(self._seen),
            "byType": {type_: dict(roles) for type_, roles in sorted(self._by_type.items())},
            "contradicted": {"count": len(self._contradicted), "ids": sorted(self._contradicted)[:_SHOWN]},
            "refused": self._calls[Fate.REFUSED],
            "badSignatures": self._calls[Fate.BAD_SIGNATURE],
            "unreadable": self._unreadable,
            "firstAt": self._first_at,
            "lastAt": self._last_at,
        }

    def _count(self, call: Call) -> None:
        self._first_at = call.at if self._first_at is None else self._first_at
        self._last_at = call.at
        notices = notices_of(call.body)
        if notices is None:
            self._unreadable += 1
            return
        self._notices += len(notices)
        for notice in notices:
            content = hash(repr(notice))
            first = self._seen.get(notice["id"])
            if first is None:
                self._seen[notice["id"]] = content
                self._by_type[notice["type"]][notice["role"]] += 1
            elif first != content:
                self._contradicted.add(notice["id"])


def notices_of(body: bytes) -> list[dict[str, Any]] | None:
    """The notices in a body; None when it is not one of notices."""
    try:
        notices = json.loads(body)["notices"]
        readable = all(notice.keys() >= {"id", "type", "role"} for notice in notices)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return notices if readable else None
