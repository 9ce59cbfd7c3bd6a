"""Arrays as PostgreSQL reads them from one text."""

from __future__ import annotations

from collections.abc import Iterable


def array_literal(values: Iterable[object]) -> str:
    """The values, none of which needs quotes (ids, numbers, dates, NULL), as one text: the driver would word each by
    itself, which takes many times as long."""
    return f"{{{','.join(map(str, values))}}}"
