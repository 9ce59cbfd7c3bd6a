"""What callers send and what their payments are never gets into the log, whatever is asked and whatever goes wrong."""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from api_service.auth.development import make_token
from tests.integration.api.client import RENT
from tests.integration.api.served import Served

WORD = "canary"
PAYER, PAYEE = f"{WORD}-payer", f"{WORD}-payee"
AMOUNT, MINOR = "765432.19", "76543219"
BODY: dict[str, Any] = {**RENT, "payeeId": PAYEE, "amount": AMOUNT, "reference": f"{WORD} reference"}
EVERYTHING = ("schedules:read", "schedules:write", "payers:any", "ops")
KEYS = itertools.count()
NOBODY = "01890000-0000-7000-8000-000000000000"
PERSONAL = re.compile(rf"(?i){WORD}|{MINOR}|{re.escape(AMOUNT)}|bearer |eyJ")


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Served]:
    with Served(
        database_url, tmp_path, WEB_CONCURRENCY="1", LOG_LEVEL="DEBUG", RATE_LIMIT_PAYER="200/minute"
    ) as served:
        yield served


def ask(server: Served, session: requests.Session, method: str, path: str, **sent: Any) -> requests.Response:
    headers = {"Idempotency-Key": f"{WORD}-key-{next(KEYS)}", "If-Match": '"v1"', "User-Agent": WORD, "Cookie": WORD}
    return session.request(method, server.url + path, headers={**headers, **sent.pop("headers", {})}, **sent)


def execute(database_url: str, statement: str) -> None:
    with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)


def operations(server: Served) -> set[tuple[str, str]]:
    paths = requests.get(f"{server.url}/openapi.json", timeout=10).json()["paths"]
    methods = ("get", "post", "patch", "delete", "put")
    return {(method.upper(), path) for path, item in paths.items() for method in item if method in methods}


def test_no_operation_and_no_error_leaves_a_trace_of_anybody(server: Served, database_url: str) -> None:
    with server.session(PAYER, *EVERYTHING) as session:
        made = ask(server, session, "POST", "/v1/schedules", json={**BODY, "payerId": PAYER})
        assert made.status_code == 201, made.text
        schedule, event = made.json()["id"], made.json()["events"][0]["id"]
        ids = {"schedule_id": schedule, "event_id": event, "run_date": "2026-11-20"}
        asked = operations(server)
        assert len(asked) > 20
        for method, path in sorted(asked):
            address = re.sub(r"{(\w+)}", lambda name: ids.get(name[1], NOBODY), path)
            body = {"json": {**BODY, "reason": WORD, "providerRef": WORD}} if method in ("POST", "PATCH") else {}
            for query in ("", f"?payerId={PAYER}", f"?cursor={WORD}&{WORD}=1", f"?reason={WORD}%0a{WORD}"):
                ask(server, session, method, address + query, **body)
            ask(server, session, method, f"{address}/{WORD}", **body)
            ask(server, session, method, address, data=f'{{"{WORD}": "{WORD}', headers={"Content-Type": WORD})
        refused(server, session)
        failing(server, session, database_url)
    assert server.stop() == 0
    lines = server.log.splitlines()
    assert [line for line in lines if PERSONAL.search(line)] == []
    statuses = {json.loads(line).get("status") for line in lines}
    assert statuses >= {200, 400, 401, 403, 404, 405, 415, 422, 429, 500, 503}


def refused(server: Served, session: requests.Session) -> None:
    """By the token, the rate, the server itself."""
    for token in (WORD, f"{WORD}.{WORD}.{WORD}", make_token(PAYER, ["schedules:read"], -3600), make_token(PAYER, [])):
        ask(server, session, "GET", "/v1/events", headers={"Authorization": f"Bearer {token}"})
    plain = {"Authorization": f"Bearer {make_token(PAYER, ['schedules:read'])}"}
    while ask(server, session, "GET", "/v1/schedules", headers=plain).status_code != 429:
        pass
    ask(server, session, "GET", f"/v1/events?payerId={PAYEE}", headers=plain)
    ask(server, session, "PUT", f"/v1/events?payerId={PAYEE}", json=BODY)
    for sent in (
        f"GET /v1/events?payerId={WORD} HTTP/9.9\r\n\r\n",
        f"{WORD}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{WORD}\r\n\r\n",
        f"GET / HTTP/1.1\r\nX: {WORD * 2000}\r\n\r\n",
        f"GET /{WORD * 2000} HTTP/1.1\r\n\r\n",
        f"GET /healthz HTTP/1.1\r\nX-Request-Id: {WORD}\r\n {WORD}\r\n\r\n",
    ):
        with server.connect() as connection:
            connection.sendall(sent.encode())
            while connection.recv(65536):
                pass


def failing(server: Served, session: requests.Session, database_url: str) -> None:
    """The database quotes what it refuses: in a message, in a DETAIL, in a CONTEXT."""
    other = {**BODY, "payerId": f"{WORD}-other"}
    execute(database_url, "ALTER TABLE audit ADD CONSTRAINT never CHECK (payer_id IS NULL) NOT VALID")
    assert ask(server, session, "POST", "/v1/schedules", json=other).status_code == 500
    execute(
        database_url,
        "ALTER TABLE audit DROP CONSTRAINT never;"
        " CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % %', NEW.payer_id,"
        " NEW.after USING DETAIL = NEW.payer_id, HINT = NEW.payer_id; END $$;"
        " CREATE TRIGGER tell BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION tell()",
    )
    assert ask(server, session, "POST", "/v1/schedules", json=other).status_code == 500
    execute(database_url, "DROP TRIGGER tell ON audit; ALTER TABLE schedule RENAME TO gone")
    assert ask(server, session, "POST", "/v1/schedules", json=other).status_code == 503
    assert ask(server, session, "GET", f"/v1/schedules?payerId={WORD}-other").status_code == 503


def test_nobody_writes_lines_of_the_log(server: Served) -> None:
    """Every line is a JSON object of ours, with the id that the answer names, and no more lines than requests."""
    forged = '\\n{"event": "forged"}'
    with server.session() as session:
        for request_id in ("a\x0bb", "a\x85b", 'a"b', forged, "\u2028".encode().decode("latin-1"), "x" * 300):
            answer = session.get(f"{server.url}/v1/events", headers={"X-Request-Id": request_id.encode("latin-1")})
            assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])
            said = answer.headers["X-Request-Id"]
            server.wait_until(lambda said=said: said in server.log, 60)  # type: ignore[misc]
        session.get(f"{server.url}/v1/events/%0a%7b%22event%22%3a%22forged%22%7d%0a?x=%0aforged")
        ours = session.get(f"{server.url}/v1/events", headers={"X-Request-Id": "trace-1.2_3"})
        assert ours.headers["X-Request-Id"] == "trace-1.2_3"
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert any(line.get("request_id") == "trace-1.2_3" for line in lines)
    assert "forged" not in server.log
    assert all(line["level"] and line["timestamp"] for line in lines)
