"""Answers that say something else than what happened."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from uuid import uuid4

from deploy.local.bank import results
from deploy.local.bank.faults import Fault
from deploy.local.bank.messages import Headers, Response, json_response
from deploy.local.bank.results import Result

_HALF_A_BODY = '{"paymentId": "pay_'


def single_answer(result: Result, fault: Fault | None) -> Response:
    """The answer of a single call, or of a question, under a fault of its one payment."""
    if fault is not None and fault.kind == "result":
        return Response(fault.status or 200, results.filled(fault.body, result.key))
    if fault is not None and fault.kind == "error":
        result = _failed(result, fault)
    return results.single_response(_echoing(result, fault))


def batch_entries(result: Result, fault: Fault | None) -> list[str]:
    """What stands in the results of a batch for one payment: mostly one entry, none or two under a fault."""
    if fault is None:
        return [results.in_batch(result)]
    own = results.in_batch(_echoing(result, fault))
    match fault.kind:
        case "missing":
            return []
        case "error":
            return [results.in_batch(_failed(result, fault))]
        case "result":
            return [results.filled(fault.body, result.key).decode()]
        case "duplicate_result":
            contradiction = results.in_batch(results.declined(result.key, "account_closed", 402))
            return [own, contradiction if fault.contradict else own]
        case "unknown_result":
            stranger = result._replace(key=fault.echo_key or str(uuid4()))
            return [own, results.in_batch(stranger)]
        case _:
            return [own]


def call_answer(response: Response, fault: Fault | None, key: str) -> Response:
    """The answer under a fault of the whole call."""
    if fault is None:
        return response
    match fault.kind:
        case "status" | "throttled" | "server_error":
            return _scripted(fault, key)
        case "redirect":
            return Response(fault.status or HTTPStatus.FOUND, headers=(("Location", fault.location),))
        case "wrong_json":
            return replace(response, body=(_HALF_A_BODY if fault.text is None else fault.text).encode())
        case "oversized":
            return _padded(response, fault)
        case _:
            return response


def _echoing(result: Result, fault: Fault | None) -> Result:
    if fault is not None and fault.kind == "wrong_amount":
        return result._replace(amount=fault.amount)
    if fault is not None and fault.kind == "wrong_key":
        return result._replace(key=fault.echo_key or str(uuid4()))
    return result


def _failed(result: Result, fault: Fault) -> Result:
    return results.refused(result.key, fault.code or "internal", 200)


def _scripted(fault: Fault, key: str) -> Response:
    default = {"throttled": 429, "server_error": 500}.get(fault.kind, 200)
    status = fault.status or default
    headers = fault.headers + _retry_after(fault)
    if fault.text is not None:
        return Response(status, fault.text.encode(), headers)
    if fault.body is not None:
        return Response(status, results.filled(fault.body, key), headers)
    if fault.kind == "throttled":
        code = fault.code or ("overloaded" if status == HTTPStatus.SERVICE_UNAVAILABLE else "rate_limited")
        return json_response(status, {"code": code}, headers)
    if fault.code is not None:
        return json_response(status, {"code": fault.code, "idempotencyKey": key}, headers)
    return Response(status, headers=headers)


def _retry_after(fault: Fault) -> Headers:
    if fault.retry_after_date_seconds is not None:
        return (("Retry-After", formatdate(time.time() + fault.retry_after_date_seconds, usegmt=True)),)
    return () if fault.retry_after is None else (("Retry-After", fault.retry_after),)


def _padded(response: Response, fault: Fault) -> Response:
    """The right answer, correct JSON, and far too much of it."""
    content = json.loads(response.body or b"{}") | {"padding": "x" * fault.bytes}
    return replace(json_response(response.status, content), chunked=fault.chunked)
