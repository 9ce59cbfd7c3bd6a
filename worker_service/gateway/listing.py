"""The provider's list of payments, page by page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import urlencode

from shared.domain.listed import Listed, Unreadable, read_listed
from shared.settings import ProviderSettings
from worker_service.calling.connection import tls_context
from worker_service.calling.reply import Failure, Reply
from worker_service.calling.retry_after import retry_after_seconds
from worker_service.calling.transport import Transport
from worker_service.gateway.budget import Budget
from worker_service.gateway.pace import Pace, Reserve
from worker_service.gateway.reading import UnreadableBody, read_json
from worker_service.gateway.resending import Waits, resending

PAGE_CAP_BYTES = 8 * 1024 * 1024
CURSOR_LENGTH_MAX = 4096
CALLS_MAX = 5
"""So often one page is asked for: asking changes nothing, and a long list must not fail by one lost answer."""
PATIENCE_SECONDS = 60.0
NO_LIST = frozenset({404, 405, 410, 501})
UNSURE = frozenset({408, 425, 429})


_Answer: TypeAlias = tuple[Reply | Failure, object]


class NoList(Exception):
    """The provider has no list of its payments."""


class ListingFailed(Exception):
    """The list could not be read to its end; its text says why, and holds no address and no person."""


class Listing:
    """The list of one provider; for one thread."""

    def __init__(self, provider: ProviderSettings, reserve: Reserve | None = None) -> None:
        """`reserve`: where calls get their slots, if their rate is limited."""
        self._headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "payday"}
        if provider.token is not None:
            self._headers["Authorization"] = f"Bearer {provider.token}"
        self._pace = Pace(reserve) if reserve else None
        tls = tls_context() if provider.url.startswith("https") else None
        self._transport = Transport(provider.url.rstrip("/"), provider.timeout_seconds, tls)

    def payments(self, first: date, last: date) -> Iterator[Listed]:
        """Everything executed from `first` through `last`, UTC dates. Raises NoList and ListingFailed."""
        asked = {"from": first.isoformat(), "to": last.isoformat()}
        cursor, seen = "", set[str]()
        while True:
            number = len(seen) + 1
            page = self._page({**asked, "cursor": cursor} if cursor else asked, number)
            rows, cursor = _rows(page, number), _cursor(page, number)
            yield from rows
            if not cursor:
                return
            if cursor in seen:
                raise ListingFailed("its cursor leads back to a page that was read already")
            seen.add(cursor)

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _page(self, query: dict[str, str], number: int) -> dict[str, Any]:
        budget, answers = Budget(time.monotonic() + PATIENCE_SECONDS), list[_Answer]()
        resending(budget, CALLS_MAX)(partial(self._call, query, budget, answers))
        if not answers:
            raise ListingFailed("no room at this rate")
        reply, content = answers[-1]
        if isinstance(reply, Failure):
            raise ListingFailed(reply.reason)
        if reply.status in NO_LIST and number == 1:
            raise NoList
        if reply.status != 200:
            raise ListingFailed(f"status {reply.status}")
        if content is None:
            raise ListingFailed(f"page {number} is no JSON")
        if type(content) is not dict:
            raise ListingFailed(f"page {number} has no payments")
        return content

    def _call(self, query: dict[str, str], budget: Budget, answers: list[_Answer]) -> Waits:
        """One call; how long to wait before the next one, nothing if its answer will do."""
        if self._pace and not self._pace.wait(budget):
            return []
        reply = self._transport.exchange("GET", f"/payments?{urlencode(query)}", self._headers, None, PAGE_CAP_BYTES)
        content = None if isinstance(reply, Failure) or reply.status != 200 else _json(reply.body)
        answers.append((reply, content))
        if isinstance(reply, Failure) or (reply.status == 200 and content is None):
            return [0.0]
        if reply.status in UNSURE or (reply.status >= 500 and reply.status not in NO_LIST):
            return [retry_after_seconds(reply.headers) or 0.0]
        return []


def _json(body: bytes) -> object:
    """What a body holds; None if it cannot be read, perhaps because its end was lost."""
    try:
        return read_json(body)
    except UnreadableBody:
        return None


def _cursor(page: dict[str, Any], number: int) -> str:
    """Where the next page begins; "": this was the last."""
    cursor = page.get("nextCursor") or ""
    if type(cursor) is not str or len(cursor) > CURSOR_LENGTH_MAX:
        raise ListingFailed(f"page {number} has no usable cursor")
    return cursor


def _rows(page: dict[str, Any], number: int) -> list[Listed]:
    rows = page.get("payments")
    if type(rows) is not list:
        raise ListingFailed(f"page {number} has no payments")
    return [_listed(row, f"page {number}, row {place}") for place, row in enumerate(rows, 1)]


def _listed(row: object, where: str) -> Listed:
    if type(row) is not dict:
        raise ListingFailed(f"{where}: is no payment")
    try:
        return read_listed(row)
    except Unreadable as error:
        raise ListingFailed(f"{where}: {error}") from None
