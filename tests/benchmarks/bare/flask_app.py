"""What somebody would write who wants these three answers and nothing else: Flask, joserfc and psycopg2.

No validation, no idempotency beyond the row, no limits, no metrics, no log. Served by gunicorn with as many processes
and threads as the API, on the API's own tables.
"""

from __future__ import annotations

import json
import os
import threading
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
from flask import Flask, Response, jsonify, request
from joserfc import jwt
from joserfc.jwk import ECKey
from psycopg2.extras import Json, execute_values

from shared.ids import new_id, new_ids

MONTHS = 18
KEY = ECKey.import_key(Path(os.environ["BARE_KEY_FILE"]).read_bytes())
CLAIMS = jwt.JWTClaimsRegistry(
    leeway=30,
    iss={"essential": True, "value": os.environ["BARE_ISSUER"]},
    aud={"essential": True, "value": "payday"},
    exp={"essential": True},
    sub={"essential": True},
)
PAGE = Path(os.environ["BARE_PAGE_FILE"]).read_bytes()
LIST = """
SELECT id, schedule_id, payer_id, payee_id, sequence, nominal_date, date, amount, currency, reference, status,
  cancel_reason, overridden, failure_code, retry_on, transaction_id, attempt, version
FROM event WHERE payer_id = %s AND date <= %s ORDER BY date, id LIMIT 51
"""
NAMES = (
    "id", "scheduleId", "payerId", "payeeId", "sequence", "nominalDate", "date", "amount", "currency", "reference",
    "status", "cancelReason", "overridden", "failureCode", "retryOn", "transactionId", "attempts", "version",
)  # fmt: skip
SCHEDULE = """
INSERT INTO schedule (id, payer_id, payee_id, start_date, is_recurring, amount, currency, frequency, rule, pay_late,
  status, revision, version, next_sequence, written_through, extend_on)
VALUES (%s, %s, %s, %s, true, %s, %s, 'monthly', %s, 5, 'active', 1, 1, 19, %s, %s)
"""
REVISION = """
INSERT INTO schedule_revision (schedule_id, revision, from_nominal_date, rule, amount, payee_id)
VALUES (%s, 1, %s, %s, %s, %s)
"""
EVENTS = """
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence, revision,
  status) VALUES %s
"""
AUDIT = """
INSERT INTO audit (actor, payer_id, action, subject, subject_id, after, request_id)
VALUES (%s, %s, 'schedule.created', 'schedule', %s, %s, %s)
"""
IDEMPOTENCY_KEY = """
INSERT INTO idempotency_key (caller, operation, key, fingerprint, response_status, response_headers, response_body,
  touched) VALUES (%s, 'POST /v1/schedules', %s, %s, 201, %s, %s, %s)
"""

app = Flask(__name__)
here = threading.local()


def database() -> Any:
    """This thread's connection."""
    if not hasattr(here, "connection"):
        here.connection = psycopg2.connect(os.environ["DATABASE_URL"])
    return here.connection


def payer() -> str:
    """Whom the token names. Raises where it is not good."""
    token = jwt.decode(request.headers["Authorization"].removeprefix("Bearer "), KEY)
    CLAIMS.validate(token.claims)
    return str(token.claims["sub"])


@app.get("/healthz")
def healthz() -> str:
    """It is up."""
    return "ok"


@app.get("/page")
def page() -> Response:
    """The bytes of a page of events that the API answered."""
    payer()
    return Response(PAGE, mimetype="application/json")


@app.get("/events")
def events() -> Response:
    """Fifty events of the payer, in one SELECT."""
    with database() as connection, connection.cursor() as cursor:
        cursor.execute(LIST, (payer(), request.args["to"]))
        rows = [dict(zip(NAMES, row, strict=True)) for row in cursor]
    for row in rows:
        row["nominalDate"], row["date"] = row["nominalDate"].isoformat(), row["date"].isoformat()
        row["amount"] = f"{row['amount'] // 100}.{row['amount'] % 100:02}"
    return jsonify(data=rows[:50], nextCursor=None)


@app.post("/schedules")
def create() -> tuple[Response, int]:
    """The rows of a new monthly schedule, in one commit."""
    asked, sub = request.get_json(), payer()
    start, amount, schedule_id = date.fromisoformat(asked["startDate"]), round(float(asked["amount"]) * 100), new_id()
    days = [date(start.year + (start.month - 1 + n) // 12, (start.month - 1 + n) % 12 + 1, 1) for n in range(MONTHS)]
    rule = {"startDate": asked["startDate"], "frequency": "monthly", "interval": 1, "monthEnd": "clamp",
            "dayConvention": "none", "calendar": "GB-ENG"}  # fmt: skip
    rows = [
        (day, str(event_id), str(schedule_id), sub, asked["payeeId"], amount, asked["currency"], day, number, 1,
         "scheduled")
        for number, (day, event_id) in enumerate(zip(days, new_ids(MONTHS), strict=True), start=1)
    ]  # fmt: skip
    answer = {
        "id": str(schedule_id), "payerId": sub, **asked, "status": "active", "version": 1,
        "events": [
            {"id": row[1], "scheduleId": row[2], "payerId": sub, "payeeId": row[4], "sequence": row[8],
             "nominalDate": str(row[0]), "date": str(row[0]), "amount": asked["amount"], "currency": row[6],
             "reference": None, "status": "scheduled", "cancelReason": None, "overridden": False, "failureCode": None,
             "retryOn": None, "transactionId": None, "attempts": 0, "version": 1}
            for row in rows
        ],
    }  # fmt: skip
    key = request.headers["Idempotency-Key"]
    with database() as connection, connection.cursor() as cursor:
        cursor.execute(SCHEDULE, (str(schedule_id), sub, asked["payeeId"], start, amount, asked["currency"], Json(rule),
                                  days[-1], days[6]))  # fmt: skip
        cursor.execute(REVISION, (str(schedule_id), start, Json(rule), amount, asked["payeeId"]))
        execute_values(cursor, EVENTS, rows)
        cursor.execute(AUDIT, (sub, sub, str(schedule_id), Json({**asked, "rule": rule, "version": 1}), key))
        cursor.execute(IDEMPOTENCY_KEY, (sub, key, key * 2, Json({"ETag": '"v1"'}), json.dumps(answer), [sub]))
    return jsonify(answer), 201
