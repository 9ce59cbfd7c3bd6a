"""What an error of the database says, and what it must not."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import make_engine


def test_an_error_does_not_name_whom_a_statement_was_about(database_url: str) -> None:
    engine = make_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"), pool_size=1)
    with engine.connect() as connection, pytest.raises(DBAPIError) as error:
        connection.execute(text("SELECT 1 / count(*) FROM event WHERE payer_id = :payer"), {"payer": "alice"})
    engine.dispose()
    assert "division by zero" in str(error.value)
    assert "alice" not in str(error.value)
