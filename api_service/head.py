"""A request's head, as far as it says where the request ends."""

from __future__ import annotations

import re
from typing import Final

from api_service.json_body import MAX_BODY_BYTES

LINE_END: Final = b"\r\n"
MAX_LENGTH_DIGITS: Final = 19
"""Python refuses to read thousands of digits, and nobody else pads a length with zeros."""
FIELDS: Final = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[^\x00-\x08\x0a-\x1f\x7f]*+\r\n)*+")
FRAMING: Final = re.compile(rb"^(expect|content-length|transfer-encoding):[ \t]*(.*)\r$", re.IGNORECASE | re.MULTILINE)
"""The fields that say where a request ends."""
EXPECTATION: Final = re.compile(rb"^expect:.*\r\n", re.IGNORECASE | re.MULTILINE)
CODINGS: Final = frozenset({b"gzip", b"compress", b"deflate", b"identity"})


class Head:
    """Read exactly as gunicorn reads it: were its end of a request another than ours, bytes of a body would be answered
    as the next request.

    `text` is the head without the expectation that `expects_word` stands for: the client waits to be told to send the
    body. `length` is the body's, in bytes, unless `is_chunked`. `cannot_be_right`: gunicorn refuses it, or the body is
    too long, or its length is written as nobody writes it.
    """

    def __init__(self, text: bytes) -> None:
        line, _, fields = text.partition(LINE_END)
        if not line:  # one empty line may come before the request
            line, _, fields = fields.partition(LINE_END)
        self._is_old = line.endswith(b" HTTP/1.0")
        self._values: dict[bytes, list[bytes]] = {}
        for name, value in FRAMING.findall(fields):
            self._values.setdefault(name.lower(), []).append(value.rstrip(b" \t"))
        are_fields = FIELDS.fullmatch(fields) is not None
        expected = {value.lower() for value in self._values.get(b"expect", [])}
        self.expects_word = are_fields and expected == {b"100-continue"} and not self._is_old
        self.text = text.removesuffix(fields) + EXPECTATION.sub(b"", fields) if self.expects_word else text
        self.is_chunked = b"transfer-encoding" in self._values
        self.cannot_be_right = (
            not are_fields
            or not expected <= {b"100-continue"}
            or not (self._has_right_coding() if self.is_chunked else self._has_right_length())
        )
        self.length = 0 if self.cannot_be_right or self.is_chunked else int(self._lengths or b"0")

    @property
    def _lengths(self) -> bytes:
        return b",".join(self._values.get(b"content-length", []))

    def _has_right_length(self) -> bool:
        if b"content-length" not in self._values:
            return True
        # The number of digits first: int() raises for thousands of them.
        digits = self._lengths
        return digits.isdigit() and len(digits) <= MAX_LENGTH_DIGITS and int(digits) <= MAX_BODY_BYTES

    def _has_right_coding(self) -> bool:
        codings = [coding.strip(b" \t").lower() for coding in b",".join(self._values[b"transfer-encoding"]).split(b",")]
        is_alone = b"content-length" not in self._values and not self._is_old
        return is_alone and codings[-1] == b"chunked" and CODINGS.issuperset(codings[:-1])
