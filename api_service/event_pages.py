"""Pages of a payer's events, kept in the cache (cache-aside): filled by reads, forgotten with every change.

What is promised: a caller never gets a page older than its own last change, and nobody one older than five seconds. A
change removes the payer's generation before it is answered; where that fails, the cache is closed for everybody first
(`api_service.cache_permission`). A page is signed for its key, its generation and its time, so that nothing else that
stands in the cache is ever answered.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import time
from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

from api_service import metrics
from api_service.cache_permission import Permission
from shared.cache import Cache, CacheDown, Kept
from shared.clock import unix_milliseconds
from shared.db.engine import Sessions

AGE_SECONDS: Final = 4.0
"""A second less than is promised: the clocks of two hosts differ, and an answer is under way for a while."""
CLOCKS_DIFFER_SECONDS: Final = 0.5
MAC_BYTES: Final = 32
TAG_BYTES: Final = 40
TIME: Final = struct.Struct(">qq")


class Wanted(NamedTuple):
    """Which page of whose events, as whose answer: a cursor in it is good for that caller alone."""

    payer_id: str
    caller: str
    query: dict[str, Any]

    @property
    def key(self) -> str:
        """Where it is kept; the cache is told no names."""
        text = repr((self.payer_id, self.caller, sorted(self.query.items())))
        return f"payday:events:{hashlib.sha256(text.encode()).hexdigest()}"


class Page(NamedTuple):
    """A page's JSON text, and the entity tag of what it says, without quotes: made once, and kept with it."""

    tag: bytes
    content: bytes

    @classmethod
    def of(cls, text: str) -> Page:
        """Of a text that was written just now."""
        content = text.encode()
        return cls(hashlib.sha256(content).hexdigest()[:TAG_BYTES].encode(), content)


class EventPages:
    """The cache of one app."""

    def __init__(self, cache: Cache, sessions: Sessions, secret_key: str) -> None:
        self._cache = cache
        self._permission = Permission(sessions)
        self._secret = hmac.digest(secret_key.encode(), b"payday pages of events with their tags", "sha256")

    def page(self, wanted: Wanted, read: Callable[[], Page]) -> Page:
        """A page: what is kept of it, or else what `read` finds in the database."""
        with metrics.page_of_events() as source:
            if not self._permission.granted():
                source.name = "closed"
                return read()
            key = wanted.key
            try:
                generation, kept = self._cache.read(wanted.payer_id, key)
                if generation is not None and kept is not None and (page := self._opened(key, generation, kept)):
                    source.name = "hit"
                    return page
                generation = generation or self._cache.begin(wanted.payer_id)
            except CacheDown:
                source.name = "down"
                return read()
            source.name = "miss"
            return self._fill(key, generation, read)

    def forget(self, payers: Collection[str]) -> None:
        """Makes sure that nobody is answered what was kept of these payers before. Raises Unavailable if it cannot."""
        try:
            self._cache.forget(payers)
        except CacheDown:
            self._permission.withdraw()

    def _fill(self, key: str, generation: bytes, read: Callable[[], Page]) -> Page:
        """A page is as old as the moment before it was read, however long that took."""
        at, started = unix_milliseconds(), time.monotonic()
        page = read()
        left = AGE_SECONDS - (time.monotonic() - started)
        if left > 0:
            try:
                content = page.tag + page.content
                sealed = self._mac(key, generation, at, content) + content
                self._cache.keep(key, generation, at, sealed, int(left * 1000) + 1)
            except CacheDown:
                return page
        return page

    def _opened(self, key: str, generation: bytes, kept: Kept) -> Page | None:
        """The page that was kept under this key in this generation not long ago; None: something else."""
        # By the clock, too: a cache that stood still, or was restored, has kept it for longer than asked.
        if not -CLOCKS_DIFFER_SECONDS <= (unix_milliseconds() - kept.at) / 1000 <= AGE_SECONDS:
            return None
        mac, content = kept.content[:MAC_BYTES], kept.content[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(key, generation, kept.at, content)):
            return None
        return Page(content[:TAG_BYTES], content[TAG_BYTES:])

    def _mac(self, key: str, generation: bytes, at: int, content: bytes) -> bytes:
        """Over parts that cannot be shifted into each other: the key has one length, and the generation its own."""
        head = key.encode() + TIME.pack(at, len(generation)) + generation
        return hmac.digest(self._secret, head + content, "sha256")
