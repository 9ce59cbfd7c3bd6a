"""`POST /payments` and `POST /payments/batch`: what the request must be before anything is paid."""

from __future__ import annotations

from deploy.local.bank import reading
from deploy.local.bank.messages import Reply, Request
from deploy.local.bank.options import BankOptions, Mode
from deploy.local.bank.paying import Counter
from deploy.local.bank.payments import KEY, keyless
from deploy.local.bank.routes import Refused


class PaymentRoutes:
    """Unpacks the calls that pay."""

    def __init__(self, options: BankOptions, counter: Counter) -> None:
        self._key_needed = options.mode is not Mode.NONE
        self._most = options.max_batch
        self._counter = counter

    def pay(self, request: Request) -> Reply:
        key = request.header(b"idempotency-key")
        if not KEY.fullmatch(key) and (key or self._key_needed):
            raise Refused(400, code="key_missing")
        body = _json_body(request)
        try:
            entry = reading.read_single(body, key)
        except reading.Malformed as problem:
            raise Refused(400, code="malformed", idempotencyKey=key, detail=str(problem)) from problem
        return self._counter.single(entry if key else keyless(entry))

    def pay_batch(self, request: Request) -> Reply:
        body = _json_body(request)
        try:
            entries = reading.read_batch(body, self._most)
        except reading.Malformed as problem:
            raise Refused(400, code="malformed", detail=str(problem)) from problem
        except reading.TooMany as problem:
            raise Refused(413, code="too_many", detail=str(problem)) from problem
        return self._counter.batch(entries)


def _json_body(request: Request) -> bytes:
    if request.header(b"content-type").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, code="not_json")
    if request.body is None:
        raise Refused(413, code="too_large")
    return request.body
