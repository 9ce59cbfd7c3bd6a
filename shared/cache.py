"""The cache: answers that may be forgotten at any time. Whatever it does, payments and answers are right without it."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import uuid4

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from shared.log import get_logger

log = get_logger(__name__)

TIMEOUT_SECONDS: Final = 0.2
REST_SECONDS: Final = 1.0
"""After a failure nobody of this process asks again for so long: a frozen cache must not slow each request."""
GENERATION_SECONDS: Final = 3600
REMOVED_AT_ONCE: Final = 1000


HEAD_BYTES: Final = 32
"""Before what is kept: 16 bytes that stand for its generation, then when it was read, in 16 digits."""
KEEP: Final = """
local there = redis.call('GET', KEYS[1])
if there and string.sub(there, 1, 16) == string.sub(ARGV[1], 1, 16) then
  local since = tonumber(string.sub(there, 17, 32))
  if since and since > tonumber(string.sub(ARGV[1], 17, 32)) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


class Kept(NamedTuple):
    """When it was read (milliseconds since 1970), and what."""

    at: int
    content: bytes


class CacheDown(Exception):
    """The cache did not do what it was asked, or perhaps did."""


Command = tuple[str | bytes | int, ...]


class Cache:
    """One process's connections to the cache; each is one thread's at a time, and a fork makes its own.

    A payer's **generation** is a random word under a key of the payer's own. What is kept of a payer belongs to the
    generation that was read before the database was: once that word is removed, nothing kept under it is found again,
    also when it is written only afterwards.
    """

    def __init__(self, url: str) -> None:
        # The client's own retries would set a generation twice, and bring one back that was removed in between.
        self._connections = ConnectionPool.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._idle: deque[Any] = deque()  # redis-py leaves the types of its connections out
        self._rests_until = 0.0

    def read(self, payer_id: str, key: str) -> tuple[bytes | None, Kept | None]:
        """The payer's generation, and what is kept under `key` in that one. Raises CacheDown."""
        (found,) = self._ask(("MGET", generation_key(payer_id), key))
        generation, page = found
        return generation, _kept(page, generation)

    def begin(self, payer_id: str) -> bytes:
        """The payer's generation, a new one if there is none. Raises CacheDown."""
        key = generation_key(payer_id)
        start: Command = ("SET", key, uuid4().bytes, "NX", "EX", GENERATION_SECONDS)
        _, generation = self._ask(start, ("GET", key))
        if generation is None:  # removed, or evicted, in between
            raise CacheDown
        return bytes(generation)

    def keep(self, key: str, generation: bytes, at: int, content: bytes, milliseconds: int) -> None:
        """Keeps what was read `at` (milliseconds since 1970) in a generation, for so long. Raises CacheDown.

        What is there of the same generation and was read later stays: a late filler must not bring back less.
        """
        self._ask(("EVAL", KEEP, 1, key, _head(generation, at) + content, milliseconds))

    def forget(self, payers: Collection[str]) -> None:
        """Removes their generations, and with them all that is kept of them. Raises CacheDown: perhaps it did not."""
        keys = [generation_key(payer_id) for payer_id in payers]
        for first in range(0, len(keys), REMOVED_AT_ONCE):
            self._ask(("UNLINK", *keys[first : first + REMOVED_AT_ONCE]))

    def close(self) -> None:
        """Ends the connections."""
        while self._idle:
            self._idle.pop().disconnect()

    def _ask(self, *commands: Command) -> list[Any]:
        """Asks once, and again where the connection was gone: the server may have been restarted meanwhile."""
        if time.monotonic() < self._rests_until:
            raise CacheDown
        try:
            try:
                return self._exchange(commands)
            except Disconnected:
                self.close()  # the others are as old
                return self._exchange(commands)
        except RedisError as error:
            if isinstance(error, Disconnected | NoAnswer):
                self._rests_until = time.monotonic() + REST_SECONDS
            log.warning("the cache failed", error=type(error).__name__)
            raise CacheDown from error

    def _exchange(self, commands: Collection[Command]) -> list[Any]:
        """The answers to commands that are sent together.

        Without the client's pool, which looks whether a connection is quiet before each use and costs twice what the
        rest does: here each answer is read, or the connection is given up.
        """
        connection = self._connection()
        try:
            connection.send_packed_command(connection.pack_commands(commands), check_health=False)
            answers = [connection.read_response() for _ in commands]
        except BaseException:  # what is not read yet must not be taken for the answer to what is asked next
            connection.disconnect()
            raise
        self._idle.append(connection)
        return answers

    def _connection(self) -> Any:
        """One that nobody uses; what was made before a fork is the parent's."""
        try:
            while (connection := self._idle.pop()).pid != os.getpid():
                pass
        except IndexError:
            return self._connections.make_connection()
        return connection


def generation_key(payer_id: str) -> str:
    """Where a payer's generation stands; the cache is told no names."""
    return f"payday:generation:{sha256(payer_id.encode()).hexdigest()[:32]}"


def _head(generation: bytes, at: int) -> bytes:
    return sha256(generation).digest()[:16] + f"{at:016d}".encode()


def _kept(page: bytes | None, generation: bytes | None) -> Kept | None:
    """What it holds of this generation; whatever else stands there is passed over."""
    if page is None or generation is None or not page[16:HEAD_BYTES].isdigit():
        return None
    at = int(page[16:HEAD_BYTES])
    return Kept(at, page[HEAD_BYTES:]) if page.startswith(_head(generation, at)) else None


def forgetting(cache: Cache) -> Callable[[Collection[str]], None]:
    """For those whose changes nobody waits for: what could not be removed is over within seconds by itself."""

    def forget(payers: Collection[str]) -> None:
        try:
            cache.forget(payers)
        except CacheDown:
            return

    return forget
