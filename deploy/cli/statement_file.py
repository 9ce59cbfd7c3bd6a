"""The provider's statement: a CSV file with a header, in UTF-8, its columns in any order."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from shared.domain.listed import FIELDS, Listed, Unreadable, read_listed

ERRORS_MOST = 20


class StatementRefused(Exception):
    """The file is no statement; `problems` say why, with the numbers of lines and nothing of what stands in them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def read_statement(path: Path) -> Iterator[Listed]:
    """The rows of the file, one at a time. Raises StatementRefused once it has been read as far as it makes sense.

    Lines may end in CRLF, a byte order mark may stand in front, empty lines are passed over, and further columns are
    left alone.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
            yield from _rows(file)
    except OSError as error:
        raise StatementRefused([f"cannot be read: {error.strerror}"]) from None


def _rows(file: IO[str]) -> Iterator[Listed]:
    reader = csv.reader(file, strict=True)
    problems: list[str] = []
    header: list[str] | None = None
    try:
        for row in reader:
            if not row:
                continue
            if header is None:
                header = _header(row)
                continue
            try:
                yield _listed(header, row)
            except Unreadable as error:
                problems.append(f"line {reader.line_num}: {error}")
                if len(problems) == ERRORS_MOST:
                    problems.append("and perhaps more")
                    break
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}")
    if header is None and not problems:
        problems.append("is empty: it needs a header")
    if problems:
        raise StatementRefused(problems)


def _header(row: list[str]) -> list[str]:
    names = [name.strip() for name in row]
    problems = [f"line 1: the column {name} is missing" for name in FIELDS if name not in names]
    problems += [f"line 1: the column {name} is there twice" for name in FIELDS if names.count(name) > 1]
    if problems:
        raise StatementRefused(problems)
    return names


def _listed(header: list[str], row: list[Any]) -> Listed:
    if len(row) != len(header):
        raise Unreadable(f"has {len(row)} fields, the header {len(header)}")
    return read_listed(dict(zip(header, row, strict=True)))
