"""Payday's own processes: killed, frozen for longer than a lease, told to end again and again, or too many."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from random import Random

from tests.chaos.faults.kind import Harm, Kind
from tests.chaos.signals import children, frozen, send
from tests.chaos.site import LEASE_SECONDS, Site

Victims = Callable[[Site, Random], list[int]]
EVERY_SECONDS = 1.0
LONGER_THAN_A_LEASE = (LEASE_SECONDS + 2.0, LEASE_SECONDS + 4.0)


def pool_child(site: Site, rng: Random) -> list[int]:
    found = sorted(site.crew.children("worker"))
    return [rng.choice(found)] if found else []


def sender(site: Site, rng: Random) -> list[int]:
    found = sorted(site.crew.senders)
    return [rng.choice(found)] if found else []


def worker(site: Site, rng: Random) -> list[int]:
    return [member.pid for member in site.crew.some("worker", rng)]


def worker_with_children(site: Site, rng: Random) -> list[int]:
    return [pid for member in site.crew.some("worker", rng) for pid in (member.pid, *children(member.pid))]


def every_worker(site: Site, rng: Random) -> list[int]:
    return [pid for member in site.crew.running("worker") for pid in (member.pid, *children(member.pid))]


def workers_masters(site: Site, rng: Random) -> list[int]:
    return [member.pid for member in site.crew.running("worker")]


def beat(site: Site, rng: Random) -> list[int]:
    return [member.pid for member in site.crew.some("beat", rng)]


def api(site: Site, rng: Random) -> list[int]:
    return [pid for member in site.crew.some("api", rng) for pid in (member.pid, *children(member.pid))]


def api_master(site: Site, rng: Random) -> list[int]:
    return [member.pid for member in site.crew.some("api", rng)]


def signalled(victims: Victims, number: signal.Signals) -> Harm:
    """Somebody is sent the signal every second."""

    def harm(site: Site, rng: Random) -> Iterator[None]:
        next_at = 0.0
        while True:
            if time.monotonic() >= next_at:
                send(victims(site, rng), number)
                next_at = time.monotonic() + EVERY_SECONDS
            yield

    return harm


def stopped(victims: Victims) -> Harm:
    return lambda site, rng: frozen(victims(site, rng))


def more_beats(site: Site, rng: Random) -> Iterator[None]:
    """Two to five send the ticks."""
    before = site.crew.wanted["beat"]
    site.crew.wanted["beat"] = rng.randint(2, 5)
    try:
        while True:
            yield
    finally:
        site.crew.wanted["beat"] = before


KINDS = (
    Kind("pool child killed", "worker", signalled(pool_child, signal.SIGKILL)),
    Kind("worker killed, its children not", "worker", signalled(worker, signal.SIGKILL), (1.0, 2.0)),
    Kind("worker killed with its children", "worker", signalled(worker_with_children, signal.SIGKILL), (1.0, 2.0)),
    Kind("pool child frozen longer than its lease", "worker", stopped(pool_child), LONGER_THAN_A_LEASE),
    Kind("worker frozen, its children not", "worker", stopped(worker), LONGER_THAN_A_LEASE),
    Kind("every worker frozen longer than its lease", "worker", stopped(every_worker), LONGER_THAN_A_LEASE),
    Kind("sender killed", "worker", signalled(sender, signal.SIGKILL)),
    Kind("sender frozen", "worker", stopped(sender), LONGER_THAN_A_LEASE),
    Kind("SIGTERM storm on workers", "worker", signalled(workers_masters, signal.SIGTERM)),
    Kind("SIGQUIT storm on workers", "worker", signalled(workers_masters, signal.SIGQUIT)),
    Kind("beat killed", "beat", signalled(beat, signal.SIGKILL)),
    Kind("beat frozen", "beat", stopped(beat), LONGER_THAN_A_LEASE),
    Kind("two to five beats", "beat", more_beats, (6.0, 9.0)),
    Kind("API killed", "api", signalled(api, signal.SIGKILL), (1.0, 2.0)),
    Kind("API killed, its children not", "api", signalled(api_master, signal.SIGKILL), (1.0, 2.0)),
    Kind("API frozen", "api", stopped(api)),
)
