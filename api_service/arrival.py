"""Whether a request has arrived: nobody who sends one byte at a time is given a thread to wait for the rest."""

from __future__ import annotations

import re
from typing import Final

from gunicorn.http.body import CHUNK_EXT_RE  # type: ignore[import-untyped]

from api_service.head import LINE_END, Head
from api_service.json_body import MAX_BODY_BYTES

MAX_HEAD_BYTES: Final = 32 * 1024
MAX_CHUNK_LINE_BYTES: Final = 1024
MAX_ARRIVAL_BYTES: Final = 2 * MAX_BODY_BYTES
"""Of a body in chunks so small that most of it says how long they are; a thousand clients may send one at a time."""
READ_AHEAD_BYTES: Final = 1024
"""How much gunicorn reads of chunks to give one byte: a body that is too long must not end before it is seen to be."""
HEAD_END: Final = b"\r\n\r\n"
CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})(?=[ \t]*;|\Z)")


class Arrival:
    """The bytes of one request, as they come in; what they mean is for gunicorn's parser to say.

    `is_cut`: judged before its end, because it cannot be right or its end is in doubt; what follows on the connection
    is no request.
    `head_is_too_long`: no end of the head was found where it had to be. `expects_word`: the client waits to be told
    to send the body.
    """

    def __init__(self) -> None:
        self.received = bytearray()
        self.is_cut = False
        self.head_is_too_long = False
        self.expects_word = False
        self._body_at = 0
        self._needed = 0
        self._chunk_at: int | None = None
        self._payload = 0

    def take(self, received: bytes) -> bool:
        """Adds bytes; whether the request can be answered now."""
        searched = len(self.received)
        self.received += received
        if not self._body_at and not self._find_head(max(0, searched - len(HEAD_END))):
            return self.head_is_too_long
        return self.is_cut or self._has_body()

    def starts_with(self, beginning: bytes) -> bool:
        """Whether these are its first bytes."""
        return self.received.startswith(beginning)

    def _find_head(self, search_from: int) -> bool:
        end = self.received.find(HEAD_END, search_from)
        if end < 0:
            self.head_is_too_long = self.is_cut = len(self.received) > MAX_HEAD_BYTES
            return False
        head = Head(bytes(self.received[: end + len(LINE_END)]))
        # Said by us as soon as it is needed: gunicorn would say it when the body is there already.
        self.received[: end + len(LINE_END)] = head.text
        self.expects_word = head.expects_word
        self.is_cut = head.cannot_be_right
        self._body_at = len(head.text) + len(LINE_END)
        self._needed = self._body_at + head.length
        self._chunk_at = self._body_at if head.is_chunked else None
        return True

    def _has_body(self) -> bool:
        if self._chunk_at is None:
            return len(self.received) >= self._needed
        while (size := self._chunk()) is not None:
            if size == 0 or self.is_cut:
                return True
        return self.is_cut

    def _chunk(self) -> int | None:
        """Steps over the next chunk: its size, 0 at the last, None where it has not arrived."""
        start = self._chunk_at or 0
        line_end = self.received.find(b"\r\n", start, start + MAX_CHUNK_LINE_BYTES)
        if line_end < 0:
            self.is_cut = len(self.received) - start > MAX_CHUNK_LINE_BYTES
            return None
        line = bytes(self.received[start:line_end])
        found = CHUNK_SIZE.match(line)
        if found is None or not CHUNK_EXT_RE.fullmatch(line, found.end()):
            self.is_cut = True
            return None
        size = int(found[1], 16)
        if size == 0:
            return self._last_chunk(line_end)
        arrived = len(self.received) - line_end - 2
        payload = self._payload + min(arrived, size)
        self.is_cut = payload > MAX_BODY_BYTES + READ_AHEAD_BYTES or len(self.received) > MAX_ARRIVAL_BYTES
        if arrived < size + 2:
            return None
        self._payload += size
        self._chunk_at = line_end + 2 + size + 2
        self.is_cut = self.is_cut or not self.received.endswith(LINE_END, 0, self._chunk_at)
        return size

    def _last_chunk(self, line_end: int) -> int | None:
        """Trailers may follow it; an empty line ends them. Whether they are right is found out too late to take it
        back, so nothing may follow them."""
        end = self.received.find(HEAD_END, line_end)
        if end < 0:
            self.is_cut = len(self.received) - line_end > MAX_HEAD_BYTES
            return None
        self.is_cut = end > line_end
        return 0
