"""What PostgreSQL promises about a commit that it answered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from shared.db.engine import Session


@dataclass(frozen=True, slots=True)
class Durability:
    """The settings as this role has them in this database.

    `commits` (synchronous_commit): whether a commit is on disk before it is answered. `fsync`, `full_pages`: whether
    what was written survives the end of the machine.
    """

    commits: str
    fsync: bool
    full_pages: bool

    @property
    def is_kept(self) -> bool:
        """Whether a commit survives the end of the server. All values but `off` wait for the server's own disk; they
        differ in what a standby must have, which matters only to who fails over to it."""
        return self.commits != "off"


def durability(session: Session) -> Durability:
    """What holds for the connections of this role."""
    row = session.execute(
        text(
            "SELECT current_setting('synchronous_commit') AS commits, current_setting('fsync')::bool AS fsync,"
            " current_setting('full_page_writes')::bool AS full_pages"
        )
    ).one()
    return Durability(row.commits, row.fsync, row.full_pages)
