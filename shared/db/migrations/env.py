"""Alembic's entry: runs on the connection it is handed by `shared.db.migrate`."""

from __future__ import annotations

from alembic import context

from shared.db.models import Base


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Partitions are made by the worker, not by migrations."""
    return not (kind == "table" and name is not None and name.startswith(("event_", "transaction_")))


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, include_name=include_name)
with context.begin_transaction():
    context.run_migrations()
