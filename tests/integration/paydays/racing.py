"""Two that change the same rows at once, in an order that the test sets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import text

from tests.edits import Work
from tests.world import World


def overlap(world: World, first: Work, second: Work) -> list[BaseException]:
    """Commits `first` only when `second` waits for one of its locks, or is through; what `second` raised."""
    done, failures = threading.Event(), list[BaseException]()

    def late() -> None:
        try:
            world.transact(second)
        except BaseException as error:  # noqa: BLE001 - what it was is for the test to say
            failures.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=late)
    with world.service.sessions.begin() as session:
        first(session)
        session.flush()
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        thread.start()
        until = time.monotonic() + 60
        while not done.is_set() and not blocks(world, pid):
            assert time.monotonic() < until
            time.sleep(0.005)
    thread.join()
    return failures


def together(works: list[Callable[[], None]], failures: list[BaseException]) -> None:
    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def blocks(world: World, pid: int) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid)))")
    return bool(world.transact(lambda session: session.scalar(query, {"pid": pid})))
