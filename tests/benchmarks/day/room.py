"""Whether the disk holds the day: asked before it is filled."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta

from tests.benchmarks.day.tuning import WAL_BYTES
from tests.benchmarks.filling import Day, fill_day
from tests.town import Town

SAMPLE = 20_000
# Per event, measured with 3 M: its transaction with two indexes (280), the bank's line of it (240), and what its claim
# and its settlement leave for the vacuum (80).
PAYING_BYTES = 600
SPARE_BYTES = 2 << 30
BIGGEST = "SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c WHERE c.relkind = 'r' AND relname ~ :name"


class NoRoom(Exception):
    """The disk does not hold so many events; the message says how many it does."""


@dataclass(frozen=True)
class Room:
    """`event_bytes` is what an event takes from its schedule to the bank's journal."""

    event_bytes: int
    free_bytes: int

    def needed_bytes(self, events: int) -> int:
        return events * self.event_bytes + WAL_BYTES * 5 // 4 + SPARE_BYTES

    def check(self, events: int) -> None:
        """Raises NoRoom."""
        if self.needed_bytes(events) <= self.free_bytes:
            return
        most = max(0, (self.free_bytes - self.needed_bytes(0)) // self.event_bytes // 100_000 * 100_000)
        raise NoRoom(
            f"{events:,} events need {self.needed_bytes(events) / 1e9:.0f} GB"
            f" ({self.event_bytes:,} bytes each, and the log), {self.free_bytes / 1e9:.0f} GB are free:"
            f" choose fewer with --events {most}, or another disk with --folder"
        )


def look(town: Town, day: Day) -> Room:
    """Fills in a few events of another month and measures them."""
    other = Day(day.date + timedelta(days=62), SAMPLE, first=day.first + day.events)
    fill_day(town.environment["DATABASE_URL"], other)
    names = f"^(schedule|event_{other.date:%Y_%m})$"
    (row,) = town.rows(BIGGEST, name=names)
    return Room(int(row.bytes) // SAMPLE + PAYING_BYTES, shutil.disk_usage(town.folder).free)
