"""Whether the database may be trusted with payments, and holds none that are another provider's."""

from __future__ import annotations

from collections.abc import Iterator

from shared.db import partitions
from shared.db.clock import business_now
from shared.db.durability import Durability, durability
from shared.db.engine import Engine, Session
from shared.db.left_open import LeftOpen, left_open
from shared.db.migrate import current_revision, head_revision
from shared.settings import Settings
from worker_service.check import Check

OLDEST_POSTGRES = 15


def server(engine: Engine) -> Check:
    """Whether the server is one that this code was tested with. Raises DatabaseError when there is none."""
    with engine.connect():
        found = engine.dialect.server_version_info or (0,)
    shown = f"PostgreSQL {'.'.join(map(str, found))} at {engine.url.host}"
    if int(found[0]) >= OLDEST_POSTGRES:
        return Check("database", True, shown)
    return Check("database", False, f"DATABASE_URL: {shown}; at least {OLDEST_POSTGRES} is needed")


def schema(engine: Engine) -> Check:
    """Whether it is migrated."""
    present, head = current_revision(engine), head_revision()
    if present == head:
        return Check("schema", True, f"at {head}")
    reason = f"the schema is at {present or 'nothing'}, not at {head}"
    return Check("schema", False, f"DATABASE_URL: {reason}; run `payday db upgrade`")


def durable(session: Session, settings: Settings) -> list[Check]:
    """Whether a claim that was answered is still there after a crash; without that it would be paid again."""
    found = durability(session)
    return list(_fragile(found, production=settings.production)) or [
        Check("durable", True, f"synchronous_commit {found.commits}")
    ]


def _fragile(found: Durability, *, production: bool) -> Iterator[Check]:
    if not found.is_kept:
        reason = "synchronous_commit is off for our role: a crash forgets commits that were answered, and what they"
        mend = "set it to on with ALTER ROLE … IN DATABASE … SET synchronous_commit = on, or where it was set to off"
        yield Check("durable", False, f"DATABASE_URL: {reason} said was sent is paid twice; {mend}")
    for name, kept in (("fsync", found.fsync), ("full_page_writes", found.full_pages)):
        if production and not kept:
            reason = f"{name} is off, and APP_ENV=production: the end of the machine would damage the database"
            yield Check("durable", False, f"DATABASE_URL: {reason}; set it to on in postgresql.conf and restart it")


def months(session: Session, settings: Settings) -> Check:
    """Whether the partitions of this month and the next are there."""
    lacking = partitions.missing(session, business_now(session, settings.business).today)
    if not lacking:
        return Check("partitions", True, "this month's and the next month's are there")
    mend = "a worker makes them, or `payday db upgrade`"
    return Check("partitions", False, f"DATABASE_URL: partitions are missing: {', '.join(lacking)}; {mend}")


def payments(session: Session, settings: Settings) -> list[Check]:
    """Whether open payments are this provider's to settle (rule K7): no other may be asked of them, or sent them."""
    own = settings.provider.name
    bad = [Check("payments", False, _foreign(found, own)) for found in left_open(session, own)]
    return bad or [Check("payments", True, f"no open payment is another provider's than {own}'s")]


def _foreign(found: LeftOpen, own: str) -> str:
    under_way = f", with {found.batches} batches under way" if found.batches else ""
    return (
        f"PROVIDER_NAME: is {own}, but {found.payments} payments are open with {found.provider}{under_way}; pause the"
        f" runs and keep a worker with PROVIDER_NAME={found.provider} running until they are settled, or resolve them"
    )
