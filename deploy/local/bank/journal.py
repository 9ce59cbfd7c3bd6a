"""An append-only file of lines that is written before anything is answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from deploy.local.journal_file import open_journal, stop_unwritten

_LONGEST_LINE_BYTES = 4096
_CHUNK_BYTES = 1 << 20


class Journal:
    """Lines by their offset. `add` collects, `flush` writes all of it with one call.

    Without a path the file has no name and is gone with the process. With `fsync`, what was flushed
    also survives a loss of power. Raises JournalRefused when another bank has the file.
    """

    def __init__(self, path: Path | None, *, fsync: bool = False) -> None:
        self._fsync = fsync
        self._file = open_journal(path, "bank")
        self._pending: list[str] = []
        self._written = _whole_lines(self._file)
        os.ftruncate(self._file, self._written)  # a line torn by a crash was never answered
        self.end = self._written

    def add(self, line: str) -> int:
        """Takes one line of ASCII that ends in a newline; returns its offset."""
        offset = self.end
        self._pending.append(line)
        self.end += len(line)
        return offset

    def flush(self) -> None:
        """Writes what was added. A bank that cannot write its journal stops, having answered nothing."""
        if not self._pending:
            return
        lines = "".join(self._pending).encode("ascii")
        self._pending.clear()
        try:
            self._write(lines)
        except OSError as failure:
            stop_unwritten(self._file, self._written, "bank", failure)
        self._written = self.end

    def read(self, offset: int) -> bytes:
        """The line at this offset, without its newline."""
        if offset >= self._written:
            self.flush()
        return os.pread(self._file, _LONGEST_LINE_BYTES, offset).split(b"\n", 1)[0]

    def is_start_of_line(self, offset: int) -> bool:
        """Whether a line begins (or the journal ends) at this offset."""
        self.flush()
        if not 0 <= offset <= self.end:
            return False
        return offset == 0 or os.pread(self._file, 1, offset - 1) == b"\n"

    def lines(self, offset: int = 0) -> Iterator[tuple[int, bytes]]:
        """Each line from this offset on, with the offset behind it."""
        self.flush()
        rest = b""
        while chunk := os.pread(self._file, _CHUNK_BYTES, offset + len(rest)):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                offset += len(line) + 1
                yield offset, line

    def close(self) -> None:
        """Writes what is left and lets go of the file."""
        self.flush()
        os.close(self._file)

    def _write(self, lines: bytes) -> None:
        written = os.write(self._file, lines)
        while written < len(lines):
            written += os.write(self._file, lines[written:])
        if self._fsync:
            os.fsync(self._file)


def _whole_lines(file: int) -> int:
    """The size of the file without a last line that has no end."""
    size = os.fstat(file).st_size
    tail = os.pread(file, _LONGEST_LINE_BYTES, max(0, size - _LONGEST_LINE_BYTES))
    return size - len(tail) + tail.rfind(b"\n") + 1
