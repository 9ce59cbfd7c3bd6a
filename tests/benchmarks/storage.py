"""What a database takes on disk, by table, and how much log it has written."""

from __future__ import annotations

from dataclasses import dataclass

from tests.town import Town

TABLES = """
SELECT coalesce(parent.relname, c.relname) AS name, sum(pg_relation_size(c.oid))::bigint AS heap,
  sum(pg_indexes_size(c.oid))::bigint AS indexes
FROM pg_class c
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relkind = 'r' AND c.relnamespace = CAST('public' AS regnamespace)
GROUP BY 1
"""


@dataclass(frozen=True)
class Storage:
    """Bytes of each table (its months together): of its rows and of its indexes."""

    heap: dict[str, int]
    indexes: dict[str, int]

    @classmethod
    def of(cls, town: Town) -> Storage:
        rows = town.rows(TABLES)
        return cls({row.name: row.heap for row in rows}, {row.name: row.indexes for row in rows})

    def largest(self, most: int) -> list[str]:
        """The names of the tables that take most, in falling order."""
        return sorted(self.heap, key=lambda name: self.heap[name] + self.indexes[name], reverse=True)[:most]


def wal_position(town: Town) -> int:
    """How many bytes of log were written since the cluster was made."""
    (row,) = town.rows("SELECT (pg_current_wal_lsn() - '0/0')::bigint AS bytes")
    return int(row.bytes)
