"""The outbox, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from shared.db.outbox_list import Row, State


def notices_report(state: State, rows: Sequence[Row], gone_since: datetime | None) -> dict[str, Any]:
    """The outbox as JSON; instants in UTC. `nextAt` is null for a dead letter."""
    return {
        "dead": state.dead,
        "waiting": state.waiting,
        "receiverGoneSince": _instant(gone_since),
        "rows": [
            {
                "id": row.id,
                "state": row.state,
                "type": row.type,
                "date": row.date,
                "left": row.remaining,
                "tries": row.tries,
                "since": _instant(row.since),
                "lastError": row.last_error,
                "nextAt": _instant(row.next_at) if row.state == "waiting" else None,
            }
            for row in rows
        ],
    }


def notices_summary(found: dict[str, Any]) -> Iterator[str]:
    """The outbox in a line or two."""
    yield f"{found['dead']:,} dead letter{'s' * (found['dead'] != 1)}, {found['waiting']:,} waiting"
    if found["receiverGoneSince"]:
        yield (
            f"The receiver wants no more since {found['receiverGoneSince']} (410): nothing is sent to it before"
            " `payday notices replay`, or with another NOTIFY_URL."
        )


def notices_table(found: dict[str, Any]) -> Table:
    """The rows, one a line."""
    table = Table("id", "about", "left", "tries", "since", "last error", "next try", box=None, pad_edge=False)
    for row in found["rows"]:
        about = f"{row['type']} {row['date']}" if row["date"] else row["type"]
        left, tries, reason = f"{row['left']:,}", str(row["tries"]), row["lastError"] or ""
        table.add_row(str(row["id"]), about, left, tries, row["since"], reason, row["nextAt"] or "none")
    return table


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
