"""`python -m worker_service.telling PARENT`: tells the receiver what is due, beside a worker and apart from its pool.

A receiver may take as long as it likes: no process that pays waits for it. Ends with its worker, however that ended.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Final

from shared.db import patience
from shared.db.retrying import DatabaseError
from shared.log import configure_logging, get_logger
from shared.settings import SettingsError, read_settings
from worker_service import check, priority
from worker_service.courtesy import Courtesy
from worker_service.service import Service
from worker_service.tell import tell_due

log = get_logger(__name__)

ENDS: Final = frozenset({signal.SIGTERM, signal.SIGINT})
"""Are never delivered, but looked for. What a signal's handler sets would be an Event, whose lock the wait for it may
hold at that moment: then it would wait for itself."""
NICEST: Final = 19
"""Nobody waits for the next notice."""
IDLE_SECONDS: Final = 1.0
"""So often it looks when nothing was due, and whether its worker is still there."""
FAULT_SECONDS: Final = 5.0
DATABASE_SECONDS: Final = 30.0
"""For one answer: a server that is frozen must not keep us from seeing that our worker is gone."""


def main(parent: int) -> int:
    """Tells until it is asked to end, or the process `parent` is gone; 2 when its settings are wrong."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    try:
        settings = read_settings(needs=frozenset({"DATABASE_URL"}))
    except SettingsError as error:
        return check.refuse(error.problems)
    configure_logging(settings.log_format, settings.log_level)
    priority.give_way(NICEST)
    patience.end_waits(DATABASE_SECONDS)
    service = Service.connect(settings)
    try:
        _tell(service, parent)
    finally:
        service.close()
    return 0


def _tell(service: Service, parent: int) -> None:
    def stopped() -> bool:
        return bool(signal.sigpending() & ENDS) or os.getppid() != parent

    courtesy = Courtesy()
    while not stopped():
        courtesy.begin()
        try:
            told = tell_due(service, stopped=stopped, rest=lambda: time.sleep(courtesy.rest_seconds()))
            pause = 0.0 if told else IDLE_SECONDS
        except DatabaseError as error:
            log.error("notices wait for the database", reason=type(error.orig).__name__)
            pause = FAULT_SECONDS
        except Exception as error:  # noqa: BLE001 - what is due stays due, and is claimed again after its lease
            log.error("notices not told", alert=True, reason=type(error).__name__)
            pause = FAULT_SECONDS
        if pause and signal.sigtimedwait(ENDS, pause) is not None:
            return


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else os.getppid()))
