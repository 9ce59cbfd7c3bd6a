"""`POST /notices`: the signature is verified and the body kept, unread."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final

from deploy.local.bank import faults as wire
from deploy.local.bank.messages import Reply, Request, Response, json_response
from deploy.local.receiver.fault import Fault, FaultInForce
from deploy.local.receiver.journal import Fate, Journal
from shared.domain.signing import MESSAGE_ID, SIGNATURE, TIMESTAMP, verify

_ACCEPTED: Final = Response(HTTPStatus.NO_CONTENT)
_DROPPED: Final = wire.Fault("drop", how="fin")


class Intake:
    """Takes what comes, as the fault in force has it."""

    def __init__(self, secrets: tuple[bytes, ...], journal: Journal, fault: FaultInForce) -> None:
        self._secrets = secrets
        self._journal = journal
        self._fault = fault

    def take(self, request: Request) -> Reply:
        if request.body is None:
            return Reply(json_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"code": "body_too_large"}))
        at = time.time()
        if not self._is_signed(request, request.body, at):
            self._journal.add(Fate.BAD_SIGNATURE, at)
            return Reply(json_response(HTTPStatus.UNAUTHORIZED, {"code": "signature_wrong"}))
        fault = self._fault.met()
        if fault is None or fault.keeps:
            self._journal.add(Fate.KEPT, at, request.body)
        else:
            self._journal.add(Fate.REFUSED, at)
        return Reply(_ACCEPTED) if fault is None else _failing(fault)

    def _is_signed(self, request: Request, body: bytes, now: float) -> bool:
        message_id, timestamp, signatures = (
            request.header(name.encode()) for name in (MESSAGE_ID, TIMESTAMP, SIGNATURE)
        )
        return verify(self._secrets, message_id, timestamp, signatures, body, now=now)


def _failing(fault: Fault) -> Reply:
    answer = _ACCEPTED
    if fault.status is not None:
        headers = () if fault.retry_after is None else (("Retry-After", fault.retry_after),)
        answer = json_response(fault.status, {"code": "as_told"}, headers)
    return Reply(answer, fault=_DROPPED if fault.drop else None, delay_seconds=fault.delay_seconds)
