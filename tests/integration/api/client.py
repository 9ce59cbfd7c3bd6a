"""The API as its callers see it, in this process: the app, real tokens, a real database."""

from __future__ import annotations

import itertools
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import Row
from werkzeug.test import TestResponse

from api_service.app import create_app
from api_service.auth.development import make_token
from shared.db.engine import make_engine, make_sessions
from shared.db.models import Event
from shared.settings import Settings, read_settings

TODAY = "2026-11-20"
BOTH = ("schedules:read", "schedules:write")
RENT: dict[str, Any] = {
    "payeeId": "landlord-9",
    "amount": "25.00",
    "currency": "GBP",
    "startDate": "2026-12-31",
    "frequency": "monthly",
}


class Api:
    """`call("GET", "/v1/events", sub="alice")`; a POST gets a fresh Idempotency-Key unless `key` says otherwise."""

    def __init__(self, database_url: str, **environment: str) -> None:
        variables = {"DATABASE_URL": database_url, "BUSINESS_DATE": TODAY, **environment}
        self.settings: Settings = read_settings(variables)
        self.engine = make_engine(self.settings.database_url, pool_size=8)
        sessions = make_sessions(self.engine, notices=self.settings.notify is not None)
        self.app: Flask = create_app(self.settings, sessions)
        self._keys = itertools.count(1)

    def call(
        self,
        method: str,
        path: str,
        *,
        sub: str | None = "alice",
        scopes: tuple[str, ...] = BOTH,
        key: str | None = "",
        headers: dict[str, str] | None = None,
        **request: Any,
    ) -> TestResponse:
        """One request; `sub` None sends no token, `key` None no Idempotency-Key."""
        sent = dict(headers or {})
        if sub is not None:
            sent.setdefault("Authorization", f"Bearer {make_token(sub, scopes)}")
        if method == "POST" and key is not None:
            sent.setdefault("Idempotency-Key", key or f"key-{next(self._keys)}")
        return self.app.test_client().open(path, method=method, headers=sent, **request)

    def schedule(self, sub: str = "alice", key: str | None = "", **changes: Any) -> dict[str, Any]:
        """A schedule that was accepted, as it was answered; a value of None leaves the field out."""
        body = {name: value for name, value in {**RENT, **changes}.items() if value is not None}
        response = self.call("POST", "/v1/schedules", sub=sub, key=key, json=body)
        assert response.status_code == 201, response.get_data(as_text=True)
        return dict(response.get_json())

    def get(self, path: str, **request: Any) -> Any:
        """The body of what must be found."""
        response = self.call("GET", path, **request)
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_json()

    def rows(self, statement: str, **parameters: object) -> list[Row[Any]]:
        """Rows straight from the database."""
        with self.engine.begin() as connection:
            result = connection.execute(text(statement), parameters)
            return list(result) if result.returns_rows else []

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def counts(self) -> dict[str, int]:
        """How many rows every table has."""
        tables = [table.name for table in Event.metadata.sorted_tables]
        counts = ", ".join(f'(SELECT count(*) FROM "{table}") AS "{table}"' for table in tables)
        return dict(self.rows(f"SELECT {counts}")[0]._mapping)

    def set_status(self, event_id: str, status: str, **columns: object) -> None:
        """Moves an event as the worker would."""
        names = "".join(f", {name} = :{name}" for name in columns)
        self.rows(
            f"UPDATE event SET status = :status, version = version + 1{names} WHERE id = :id",
            id=event_id,
            status=status,
            **columns,
        )

    def close(self) -> None:
        self.engine.dispose()


def pointers(response: TestResponse) -> set[str]:
    """What a 422 complains of."""
    return {error["pointer"] for error in response.get_json()["errors"]}


def assert_problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem, after its form was checked (RFC 9457)."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    problem: dict[str, Any] = response.get_json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"]
    assert problem["title"]
    assert problem["detail"]
    assert problem["requestId"] == response.headers["X-Request-Id"]
    return problem
