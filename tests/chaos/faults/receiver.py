"""The receiver of notices: refuses, is slow, breaks off, wants no more, dies."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tests.chaos.faults.kind import Harm, Kind
from tests.chaos.site import NOTIFY_TIMEOUT_SECONDS, Site
from tests.chaos.telling import replay

TOO_LATE_SECONDS = NOTIFY_TIMEOUT_SECONDS + 0.5


def failing(**spec: object) -> Harm:
    """So it answers until the fault is over."""

    def harm(site: Site, rng: Random) -> Iterator[None]:
        site.receiver.fault(**spec)
        try:
            while True:
                yield
        finally:
            site.receiver.heal()
            site.hurry_notices()

    return harm


def gone(site: Site, rng: Random) -> Iterator[None]:
    """It wants no more, until somebody has talked to its owner."""
    try:
        yield from failing(status=410)(site, rng)
    finally:
        replay(site)


def killed(site: Site, rng: Random) -> Iterator[None]:
    """SIGKILL, away for a moment, and back on its journal."""
    site.receiver.kill()
    try:
        while True:
            yield
    finally:
        site.receiver.restart()
        site.hurry_notices()


KINDS = (
    Kind("receiver answers 500", "receiver", failing(status=500)),
    Kind("receiver answers 429", "receiver", failing(status=429, retryAfter=2)),
    Kind("receiver answers 404", "receiver", failing(status=404)),
    Kind("receiver answers 410", "receiver", gone),
    Kind("receiver answers late", "receiver", failing(delaySeconds=NOTIFY_TIMEOUT_SECONDS / 2)),
    Kind("receiver answers too late", "receiver", failing(delaySeconds=TOO_LATE_SECONDS)),
    Kind("receiver drops what it has not kept", "receiver", failing(drop="before")),
    Kind("receiver drops what it has kept", "receiver", failing(drop="after")),
    Kind("receiver killed", "receiver", killed, (1.0, 3.0)),
)
