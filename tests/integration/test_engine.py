"""What an error of the database says, and what it must not; which connections are asked whether they live; and what
is read without a transaction around it."""

from __future__ import annotations

import select
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import make_engine, make_sessions, reading

BEGAN_WITH_THIS = text("SELECT xact_start = query_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"), pool_size=1)
    yield engine
    engine.dispose()


def backend(engine: Engine) -> int:
    """The server's process behind the one connection of the pool."""
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_an_error_does_not_name_whom_a_statement_was_about(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError) as error:
        connection.execute(text("SELECT 1 / count(*) FROM event WHERE payer_id = :payer"), {"payer": "alice"})
    assert "division by zero" in str(error.value)
    assert "alice" not in str(error.value)


def test_a_connection_that_the_server_ended_is_replaced_before_use(engine: Engine, database_url: str) -> None:
    first = backend(engine)
    other = make_engine(database_url.replace("postgresql://", "postgresql+psycopg2://"), pool_size=1)
    with other.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
    other.dispose()
    assert backend(engine) != first


def test_a_connection_over_which_nothing_came_is_not_asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(type(engine.dialect), "do_ping", lambda _, connection: asked.append(connection) or True)
    watched = make_engine(engine.url.render_as_string(hide_password=False), pool_size=1)
    assert backend(watched) == backend(watched)
    assert asked == []
    with watched.connect() as connection:
        connection.execute(text("LISTEN news"))
        connection.commit()
        heard = connection.connection.dbapi_connection.fileno()  # type: ignore[union-attr]
    with engine.connect() as connection:
        connection.execute(text("NOTIFY news"))
        connection.commit()
    assert select.select([heard], [], [], 10)[0]  # the server tells its listeners after it has answered
    assert backend(watched)
    assert len(asked) == 1
    watched.dispose()


def test_a_reading_is_one_question_and_leaves_the_connection_as_it_was(engine: Engine) -> None:
    sessions, asked = make_sessions(engine), list[bool]()
    event.listen(engine, "checkin", lambda connection, _: asked.append(connection.autocommit))
    with reading(sessions)() as session, session.begin():
        assert session.scalar(BEGAN_WITH_THIS)
    with sessions() as session:
        session.execute(text("CREATE TABLE never (id int)"))
        session.rollback()
        assert session.scalar(text("SELECT to_regclass('never')")) is None
        assert not session.scalar(BEGAN_WITH_THIS)
    assert asked == [False, False, False]
