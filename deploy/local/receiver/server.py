"""One receiver from its first call to its last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import uvloop

from deploy.local.bank.listening import Door
from deploy.local.receiver.fault import FaultInForce
from deploy.local.receiver.intake import Intake
from deploy.local.receiver.journal import Journal
from deploy.local.receiver.options import ReceiverOptions
from deploy.local.receiver.routes import NOTICES, Routes
from deploy.local.stopping import ignore_signals, stop_signalled


def run_receiver(options: ReceiverOptions, ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT, which it takes for itself.

    `ready` is called with the URL that notices are to be sent to once callers are let in. Raises JournalRefused and
    OSError (the port is taken).
    """
    journal = Journal(options.journal)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(options, journal, ready))
    finally:
        journal.close()


async def _serve(options: ReceiverOptions, journal: Journal, ready: Callable[[str], None]) -> None:
    stop = stop_signalled()
    door = Door(options.host, options.port)
    fault = FaultInForce()
    door.answer = Routes(Intake(options.secrets, journal, fault), journal, fault)
    await door.open()
    ready(door.url + NOTICES)
    await stop.wait()
    await door.close()
    ignore_signals()
