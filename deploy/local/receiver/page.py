"""`GET /notices`: what came, page by page."""

from __future__ import annotations

from typing import Any, Final

from deploy.local.receiver.journal import Fate, Journal
from deploy.local.receiver.tally import notices_of

_MOST_CALLS: Final = 20


def page_of(journal: Journal, cursor: str) -> tuple[list[dict[str, Any]], str | None]:
    """The notices of some calls from the cursor on (empty: from the first), and the cursor of those that follow.

    Raises ValueError for a cursor that is none.
    """
    notices: list[dict[str, Any]] = []
    for number, call in enumerate(journal.calls(_offset(journal, cursor)), start=1):
        if call.fate is Fate.KEPT:
            notices += notices_of(call.body) or ()
        if number == _MOST_CALLS and call.behind < journal.end:
            return notices, str(call.behind)
    return notices, None


def _offset(journal: Journal, cursor: str) -> int:
    if not cursor:
        return 0
    offset = int(cursor)
    if not 0 <= offset <= journal.end:
        raise ValueError(cursor)
    return offset
