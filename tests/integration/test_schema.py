"""Migrations, partitions and the settings of the role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from shared.db import migrate, partitions
from shared.db.engine import make_sessions
from shared.db.models import Base


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(migrate.database_url(database_url))
    yield engine
    engine.dispose()


def test_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    def own(_name: str | None, kind: str, _parents: Any) -> bool:
        return not (kind == "table" and _name is not None and _name.startswith(("event_", "transaction_")))

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": own, "compare_type": True})
        differences = [item for item in compare_metadata(context, Base.metadata) if "alembic_version" not in str(item)]
    assert differences == []


def test_migrations_go_back_to_nothing_and_forward_again(database_url: str, engine: Engine) -> None:
    migrate.downgrade(database_url, "base")
    with engine.connect() as connection:
        left = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    assert set(left) == {"alembic_version"}
    assert migrate.upgrade(database_url) == migrate.head_revision()


def test_a_month_that_is_made_later_takes_its_rows_out_of_the_default(engine: Engine) -> None:
    sessions = make_sessions(engine)
    insert = text("""
        INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence,
          revision)
        VALUES ('2031-05-17', gen_random_uuid(), gen_random_uuid(), 'a', 'b', 1, 'GBP', '2031-05-17', 1, 1)
    """)
    where = text("SELECT tableoid::regclass::text FROM event WHERE date = '2031-05-17'")
    with sessions.begin() as session:
        session.execute(insert)
        assert session.scalar(where) == "event_default"
        assert partitions.missing(session, date(2031, 5, 1)) != []
    with sessions.begin() as session:
        assert "event_2031_05" in partitions.make_ahead(session, date(2031, 5, 1))
    with sessions.begin() as session:
        assert session.scalar(where) == "event_2031_05"
        assert partitions.missing(session, date(2031, 5, 1)) == []
        assert partitions.make_ahead(session, date(2031, 5, 1)) == []


def test_months_are_less_than_half_full_so_that_updates_stay_on_their_page(database_url: str, engine: Engine) -> None:
    migrate.upgrade(database_url)  # the months that copies for tests come without
    with engine.connect() as connection:
        options = connection.scalars(
            text("SELECT reloptions FROM pg_class WHERE relname LIKE 'event\\_2%' AND relkind = 'r'")
        ).all()
    assert len(options) > 20
    assert all("fillfactor=42" in option for option in options)


def test_an_event_has_no_index_but_its_key_and_its_payers(engine: Engine) -> None:
    with engine.connect() as connection:
        names = connection.scalars(text("SELECT indexname FROM pg_indexes WHERE tablename = 'event'")).all()
    assert set(names) == {"event_pkey", "event_payer"}


def test_the_role_has_time_outs_and_no_jit(engine: Engine) -> None:
    with engine.connect() as connection:
        for name, value in {"jit": "off", "statement_timeout": "1min", "lock_timeout": "10s"}.items():
            assert connection.scalar(text(f"SHOW {name}")) == value


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("amount = 0", "event_amount_is_positive"),
        ("status = 'lost'", "event_status_is_known"),
        ("status = 'paid'", "event_paid_has_a_transaction"),
        ("status = 'cancelled'", "event_cancelled_has_a_reason"),
        ("status = 'failed'", "event_failed_has_a_code"),
        ("status = 'processing'", "event_claimed_by_a_batch"),
        ("retry_on = date", "event_retry_day_is_of_a_decline"),
    ],
)
def test_the_schema_has_the_last_word_and_says_its_name(engine: Engine, change: str, constraint: str) -> None:
    with make_sessions(engine)() as session:
        session.execute(
            text("""
            INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence,
              revision)
            VALUES ('2026-05-17', gen_random_uuid(), gen_random_uuid(), 'a', 'b', 1, 'GBP', '2026-05-17', 1, 1)
        """)
        )
        with pytest.raises(IntegrityError) as refused:
            session.execute(text(f"UPDATE event SET {change} WHERE date = '2026-05-17'"))
    assert refused.value.orig.diag.constraint_name == constraint  # type: ignore[union-attr]
