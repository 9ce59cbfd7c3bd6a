"""The issuer's published keys: kept, renewed, and used on while the issuer is down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import requests
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import Key

from api_service.auth.key_documents import NONE_REFUSED, parse_key_set
from api_service.auth.key_fetch import fetch
from api_service.auth.keys import KeysUnavailable, choose
from shared.log import get_logger

log = get_logger(__name__)

RENEW_SECONDS: Final = 300.0
"""Keys of this age are fetched again, while requests go on with them."""
FRESH_SECONDS: Final = 600.0
"""Keys of this age are believed only while the issuer is down: one that it took back is believed no longer."""
UNKNOWN_SECONDS: Final = 10.0
"""Between two fetches for unknown key ids: whoever makes ids up must not make us hammer the issuer."""
RETRY_SECONDS: Final = 5.0
"""Between two fetches of an issuer that is down."""
TIMEOUT_SECONDS: Final = 3.0
"""For a whole fetch, and the longest that a request waits for one."""


class _Fetch:
    """One fetch that runs; nobody waits for it beyond its own deadline, nor beyond that of the request."""

    def __init__(self, timeout_seconds: float) -> None:
        self._ends_at = time.monotonic() + timeout_seconds
        self._done = threading.Event()

    def wait(self, until: float) -> None:
        self._done.wait(max(0.0, min(until, self._ends_at) - time.monotonic()))

    def end(self) -> None:
        self._done.set()


class IssuerKeys:
    """The key set at `url` (RFC 7517). A thread fetches, one at a time; requests wait for it only where they must.

    `refused` holds keys that are never believed, as `public_form` gives them; `clock` is in seconds, and monotonic.
    """

    def __init__(
        self,
        url: str,
        *,
        refused: frozenset[bytes] = NONE_REFUSED,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._refused = refused
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Sequence[Key] = ()
        self._fetched_at: float | None = None
        self._failed_at: float | None = None  # of the last fetch; None if that brought keys
        self._sought_at: float | None = None  # when an unknown id last made us fetch
        self._running: _Fetch | None = None

    def key(self, kid: str | None, algorithm: str) -> Key:
        """The key of that id. Raises InvalidKeyIdError, and KeysUnavailable until the issuer has answered once."""
        until = time.monotonic() + self._timeout_seconds
        self._renew(until)
        try:
            return choose(self._keys, kid, algorithm)
        except InvalidKeyIdError:
            self._seek(until)
            return choose(self._keys, kid, algorithm)

    def _renew(self, until: float) -> None:
        now = self._clock()
        with self._lock:
            fresh, is_down = _within(self._fetched_at, now, FRESH_SECONDS), self._failed_at is not None
            is_due = is_down or not _within(self._fetched_at, now, RENEW_SECONDS)
            if is_due and not _within(self._failed_at, now, RETRY_SECONDS):
                self._start()
            running = self._running
            must_wait = self._fetched_at is None or not (fresh or is_down)
        if running is not None and must_wait:
            running.wait(until)
        if self._fetched_at is None:
            raise KeysUnavailable

    def _seek(self, until: float) -> None:
        """Looks for an unknown key at the issuer, which may have begun to sign with it.

        While that is down nobody waits: made-up key ids would hold every thread for the whole deadline, for ever anew.
        """
        now = self._clock()
        with self._lock:
            if self._running is None and not _within(self._sought_at, now, UNKNOWN_SECONDS):
                self._sought_at = now
                self._start()
            running = self._running
            is_down = self._failed_at is not None
        if running is not None and not is_down:
            running.wait(until)

    def _start(self) -> None:
        """Starts a fetch unless one runs; the caller holds the lock."""
        if self._running is None:
            thread = threading.Thread(target=self._fetch, name="issuer keys", daemon=True)
            self._running = _Fetch(self._timeout_seconds)
            thread.start()

    def _fetch(self) -> None:
        keys: Sequence[Key] | None = None
        try:
            keys = parse_key_set(fetch(self._url, self._timeout_seconds), refused=self._refused)
        except (requests.RequestException, ValueError, RecursionError, OSError) as error:
            log.warning("the issuer's keys cannot be fetched", reason=type(error).__name__)
        finally:
            self._end(keys)

    def _end(self, keys: Sequence[Key] | None) -> None:
        now = self._clock()
        with self._lock:
            if keys is None:
                self._failed_at = now
            else:
                self._keys, self._fetched_at, self._failed_at = keys, now, None
            running, self._running = self._running, None
        if running is not None:
            running.end()


def _within(at: float | None, now: float, seconds: float) -> bool:
    return at is not None and now - at < seconds
