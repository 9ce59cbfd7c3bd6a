"""An append-only file of the calls that came, each written before it is answered."""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

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


class JournalRefused(Exception):
    """The journal file cannot be used; the message says why."""


class Journal:
    """Calls by their offset: for each a line that says fate, time and length, then the body and a newline.

    Without a path the file has no name and is gone with the process. Raises JournalRefused when another receiver has
    the file.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = _opened(path)
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
            self._stop(failure)
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

    def _stop(self, failure: OSError) -> NoReturn:
        os.ftruncate(self._file, self.end)
        sys.stderr.write(f"sandbox receiver: the journal cannot be written: {failure}\n")
        sys.stderr.flush()
        os._exit(1)


def _opened(path: Path | None) -> int:
    try:
        if path is None:
            with tempfile.TemporaryFile(prefix="sandbox-receiver-") as unnamed:
                file = os.dup(unnamed.fileno())
            fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
            return file
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise JournalRefused(f"{path}: {problem.strerror}") from problem
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        os.close(file)
        raise JournalRefused(f"{path}: another receiver is writing it") from problem
    return file
