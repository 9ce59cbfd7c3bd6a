"""Rows put aside on disk, so that a day of ten million payments needs no memory for all of them at once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Any, Self
from zlib import crc32

CHUNKS = 128
"""Into so many files the rows are spread; one file of each side is in memory at a time."""


class Spool:
    """Rows of JSON values by a key: those of one key come back in one chunk, and in the order they were added.

    The files have no name, so that nothing of them is left however the process ends. Raises OSError when the disk is
    full.
    """

    def __init__(self, chunks: int = CHUNKS) -> None:
        self._files: list[IO[str]] = []
        try:
            for _ in range(chunks):
                self._files.append(tempfile.TemporaryFile("w+", encoding="utf-8"))  # noqa: SIM115 - closed by close()
        except BaseException:
            self.close()
            raise

    def add(self, key: str, row: Sequence[object]) -> None:
        """Puts a row aside under its key."""
        self._files[crc32(key.encode()) % len(self._files)].write(json.dumps(row) + "\n")

    @property
    def chunks(self) -> int:
        return len(self._files)

    def chunk(self, number: int) -> Iterator[list[Any]]:
        """The rows of one chunk, from 0 on."""
        file = self._files[number]
        file.seek(0)
        for line in file:
            yield json.loads(line)

    def close(self) -> None:
        for file in self._files:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
