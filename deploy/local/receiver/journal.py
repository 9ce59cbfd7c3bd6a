"""An append-only file of the calls that came, each written before it is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from deploy.local.journal_file import JournalRefused, open_journal, stop_unwritten

_LONGEST_HEAD_BYTES: Final = 64


class Fate(StrEnum):
    """What became of a call; only a kept one has its body in the journal."""

    KEPT = "kept"
    REFUSED = "refused"
    BAD_SIGNATURE = "bad_signature"


class Call(NamedTuple):
    """One call, `at` seconds since 1970; `behind` is the offset of the next."""

    fate: Fate
    at: float
    body: bytes
    behind: int


class Journal:
    """Calls by their offset: for each a line that says fate, time and length, then the body and a newline.

    Without a path the file has no name and is gone with the process. Raises JournalRefused when another receiver has
    the file.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = open_journal(path, "receiver")
        try:
            self.end = max((call.behind for call in self.calls(0)), default=0)
        except ValueError as problem:
            raise JournalRefused(f"{path}: is no receiver's journal") from problem
        os.ftruncate(self._file, self.end)  # a call torn by a crash was never answered

    def add(self, fate: Fate, at: float, body: bytes = b"") -> None:
        """Writes one call. A receiver that cannot write its journal stops, having answered nothing."""
        parts = [b"%b %.6f %d\n" % (fate.encode(), at, len(body)), body, b"\n"]
        length = sum(map(len, parts))
        try:
            written = os.writev(self._file, parts)
            while written < length:  # a call cut short, as on a full disk
                written += os.write(self._file, b"".join(parts)[written:])
        except OSError as failure:
            stop_unwritten(self._file, self.end, "receiver", failure)
        self.end += length

    def calls(self, offset: int) -> Iterator[Call]:
        """Each whole call from this offset on. Raises ValueError when none begins there."""
        while line := os.pread(self._file, _LONGEST_HEAD_BYTES, offset):
            head, newline, _ = line.partition(b"\n")
            if not newline and len(line) < _LONGEST_HEAD_BYTES:
                return
            fate, at, length = head.decode("ascii").split(" ")
            start = offset + len(head) + 1
            body = os.pread(self._file, int(length) + 1, start)
            if body[int(length) :] != b"\n":
                return
            offset = start + len(body)
            yield Call(Fate(fate), float(at), body[:-1], offset)

    def close(self) -> None:
        os.close(self._file)
