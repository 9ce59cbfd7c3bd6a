"""While the database is away or in the way: clear problems, and service again afterwards."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from shared.db import errors
from shared.domain.errors import Invalid
from tests.integration.api.client import RENT, Api, assert_problem


@pytest.fixture
def unreachable() -> Any:
    api = Api("postgresql://nobody@127.0.0.1:1/nothing")
    yield api
    api.close()


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/events"), ("GET", "/v1/schedules"), ("POST", "/v1/schedules")]
)
def test_a_database_that_is_down_is_a_503_that_says_when_to_come_back(unreachable: Api, method: str, path: str) -> None:
    response = unreachable.call(method, path, json=RENT if method == "POST" else None)
    problem = assert_problem(response, 503, "unavailable")
    assert response.headers["Retry-After"] == "5"
    assert "127.0.0.1" not in problem["detail"]


def test_the_process_lives_but_is_not_ready_without_its_database(unreachable: Api) -> None:
    assert unreachable.call("GET", "/healthz", sub=None).status_code == 200
    response = unreachable.call("GET", "/readyz", sub=None)
    assert_problem(response, 503, "not_ready")
    assert response.headers["Retry-After"] == "5"


def test_a_cache_that_is_gone_makes_nothing_unready(database_url: str) -> None:
    api = Api(database_url, CACHE_URL="redis://127.0.0.1:1/0")
    assert api.call("GET", "/readyz", sub=None).status_code == 200
    assert api.call("GET", "/v1/events").status_code == 200
    api.close()


def test_a_database_that_is_not_migrated_is_not_ready(postgres_server: Any) -> None:
    name = postgres_server.create()
    api = Api(postgres_server.url(name))
    assert_problem(api.call("GET", "/readyz", sub=None), 503, "not_ready")
    assert_problem(api.call("GET", "/v1/events"), 503, "unavailable")
    api.close()
    postgres_server.drop(name)


def test_a_database_of_another_version_is_not_ready(api: Api) -> None:
    assert api.call("GET", "/readyz", sub=None).status_code == 200
    api.rows("UPDATE alembic_version SET version_num = 'later'")
    assert_problem(api.call("GET", "/readyz", sub=None), 503, "not_ready")


def test_connections_that_the_server_ended_are_replaced(api: Api) -> None:
    api.schedule()
    api.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert len(api.get("/v1/schedules")["data"]) == 1


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_conflict_with_another_transaction_is_tried_again(api: Api, code: str) -> None:
    """The third attempt gets through: until then the audit's row meets what a deadlock would say."""
    api.rows("CREATE SEQUENCE tries")
    api.rows(
        "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('tries') < 3 THEN RAISE EXCEPTION 'in the way' USING ERRCODE = '{code}'; END IF;"
        " RETURN NEW; END $$"
    )
    api.rows("CREATE TRIGGER stumble BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION stumble()")
    api.schedule()
    assert api.rows("SELECT last_value FROM tries")[0][0] == 3
    assert [api.count(t) for t in ("schedule", "audit", "idempotency_key")] == [1, 1, 1]


def test_a_lock_that_is_not_given_up_in_time_is_a_503(api: Api) -> None:
    made = api.schedule()

    def be_impatient(connection: Any, *_: Any) -> None:
        connection.cursor().execute("SET lock_timeout = '50ms'")

    with api.engine.connect() as other, other.begin():
        other.exec_driver_sql("SELECT 1 FROM schedule FOR UPDATE")
        event.listen(api.engine, "checkout", be_impatient)
        response = api.call("DELETE", f"/v1/schedules/{made['id']}")
    assert_problem(response, 503, "unavailable")
    assert api.get(f"/v1/schedules/{made['id']}")["version"] == 1


def test_a_constraint_that_a_value_violates_is_named_by_its_field(api: Api) -> None:
    def violate(name: str, value: object) -> None:
        with errors.translated():
            api.rows(f"UPDATE schedule SET {name} = :value", value=value)

    api.schedule()
    for name, value, pointer in (
        ("amount", 0, "/amount"),
        ("pay_late", 32, "/payLate"),
        ("payee_id", "alice", "/payeeId"),
    ):
        with pytest.raises(Invalid) as refused:
            violate(name, value)
        assert [problem.pointer for problem in refused.value.problems] == [pointer]


def test_a_mistake_of_ours_is_a_500_that_tells_nothing(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.rows("ALTER TABLE audit ADD CONSTRAINT never CHECK (false) NOT VALID")
    problem = assert_problem(api.call("POST", "/v1/schedules", json=RENT), 500, "internal_error")
    assert "never" not in problem["detail"]
    logged = "".join(capsys.readouterr())
    assert "23514" in logged
    assert "schedule_event.py" in logged
    assert "landlord-9" not in logged
    assert api.count("schedule") == 0


def test_a_statement_of_ours_that_fails_is_no_503(api: Api) -> None:
    with pytest.raises(OperationalError), errors.translated():
        raise OperationalError("x", None, _Driver("22012"))


class _Driver(Exception):
    def __init__(self, code: str) -> None:
        super().__init__()
        self.pgcode = code
