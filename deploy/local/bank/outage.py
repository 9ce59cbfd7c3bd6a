"""The bank as a whole: up, down, or on its way back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from deploy.local.bank.faults import Fault
from deploy.local.bank.messages import Response, json_response

_ANSWERED_SECONDS = 0.05
_ONE = 1 - 1e-9  # ten times a tenth is less than 1.0


class Outage:
    """Runs the fault `down`: refuses connections or answers 503, then serves only a share for a while."""

    def __init__(self, close: Callable[[], Awaitable[None]], open_: Callable[[], Awaitable[None]]) -> None:
        self._close = close
        self._open = open_
        self._task: asyncio.Task[None] | None = None
        self._share = 1.0
        self._credit = 0.0

    def begin(self, fault: Fault) -> None:
        """The outage begins a moment later: whoever asked for it by HTTP gets an answer first."""
        self.end()
        self._task = asyncio.create_task(self._run(fault))

    def end(self) -> None:
        """Serves everything again; a bank that refuses connections cannot be told so."""
        if self._task is not None:
            self._task.cancel()
        self._share = 1.0

    def refusal(self) -> Response | None:
        """503 for the share of requests that is not served: of ten, one in every ten, evenly."""
        if self._share >= 1.0:
            return None
        self._credit += self._share
        if self._credit >= _ONE:
            self._credit -= 1.0
            return None
        return json_response(503, {"code": "overloaded"}, (("Retry-After", "1"),))

    async def _run(self, fault: Fault) -> None:
        await asyncio.sleep(_ANSWERED_SECONDS)
        self._share = self._credit = 0.0
        if fault.how == "refuse":
            await self._close()
        await asyncio.sleep(fault.seconds or 0.0)
        if fault.recover_seconds:
            self._share = fault.recover_share
        if fault.how == "refuse":
            await self._open()
        await asyncio.sleep(fault.recover_seconds)
        self._share = 1.0
