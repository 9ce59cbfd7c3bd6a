"""`/admin/faults`: see, add and clear the scripted faults."""

from __future__ import annotations

import json

from deploy.local.bank.fault_book import FaultBook
from deploy.local.bank.fault_specs import read_faults
from deploy.local.bank.faults import Reach
from deploy.local.bank.messages import Request, Response, json_response
from deploy.local.bank.outage import Outage
from deploy.local.bank.routes import Refused
from deploy.local.bank.spec_values import SpecRefused


class FaultRoutes:
    """The script of the bank. Counters begin anew with the process; what was added here is gone with it."""

    def __init__(self, book: FaultBook, outage: Outage) -> None:
        self._book = book
        self._outage = outage

    def add(self, specs: list[object]) -> None:
        """Puts faults behind those that are there, all or none. Raises SpecRefused."""
        faults = read_faults(specs)
        self._book.add(faults, specs)
        for fault in faults:
            if fault.reach is Reach.BANK:
                self._outage.begin(fault)

    def post(self, request: Request) -> Response:
        try:
            specs = json.loads(request.body or b"")
            self.add(specs)
        except ValueError as problem:
            raise Refused(400, code="malformed") from problem
        except SpecRefused as problem:
            raise Refused(422, code="fault_invalid", detail=str(problem)) from problem
        return self.show(request)

    def show(self, request: Request) -> Response:
        return json_response(200, {"faults": self._book.shown()})

    def clear(self, request: Request) -> Response:
        self._book.clear()
        self._outage.end()
        return self.show(request)
