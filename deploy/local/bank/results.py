"""What became of one payment, and how it is said in a single answer and in a batch."""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from deploy.local.bank.messages import Response, json_response

SUCCEEDED = "succeeded"
DECLINED = "declined"
ERROR = "error"
PROCESSING = "processing"
IN_PROGRESS = "in_progress"
KEY_REUSED = "key_reused"


class Result(NamedTuple):
    """`word` is the payment id when it succeeded, the code otherwise; `http_status` is for single calls."""

    status: str
    key: str
    word: str
    amount: str
    http_status: int


def paid(key: str, payment_id: str, amount: str, *, replayed: bool = False) -> Result:
    return Result(SUCCEEDED, key, payment_id, amount, 200 if replayed else 201)


def declined(key: str, code: str, http_status: int) -> Result:
    return Result(DECLINED, key, code, "", http_status)


def refused(key: str, code: str, http_status: int) -> Result:
    """Neither paid nor declined: the same key is under way, or was used for something else."""
    return Result(ERROR, key, code, "", http_status)


def in_batch(result: Result) -> str:
    """The JSON of a result in a batch."""
    status, key, word, amount, _ = result
    if status == SUCCEEDED:
        return f'{{"idempotencyKey":{quoted(key)},"status":"succeeded","paymentId":"{word}","amount":"{amount}"}}'
    return f'{{"idempotencyKey":{quoted(key)},"status":"{status}","code":{quoted(word)}}}'


def single_response(result: Result) -> Response:
    """The answer of a single call."""
    status, key, word, amount, http_status = result
    if status == SUCCEEDED:
        body = f'{{"paymentId":"{word}","status":"succeeded","idempotencyKey":{quoted(key)},"amount":"{amount}"}}'
        return Response(http_status, body.encode())
    if http_status in (200, 402):
        return json_response(http_status, {"status": status, "code": word, "idempotencyKey": key})
    return json_response(http_status, {"code": word, "idempotencyKey": key})


def batch_response(results: list[str]) -> Response:
    """The answer of a batch. The order is not that of the request: nobody may count on it."""
    return Response(200, f'{{"results":[{",".join(reversed(results))}]}}'.encode())


def filled(content: object, key: str) -> bytes:
    """Scripted JSON, with the payment's own key wherever it says "$key"."""
    return json.dumps(content, separators=(",", ":")).replace('"$key"', quoted(key)).encode()
