"""What must happen when all that is due has ended: everybody who is to hear of it does."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

from tests.chaos.draining import LOOK_SECONDS, NotDrained
from tests.chaos.site import Site
from tests.town import ROOT

TELL_SECONDS = 120.0
REPLAY_SECONDS = 15.0

LEFT = """
SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'dead') AS dead FROM outbox
"""


def tell(site: Site) -> float:
    """Returns when nothing is left to tell, and how many seconds it took. Raises NotDrained."""
    began = time.monotonic()
    while True:
        site.crew.tend()
        (left,) = site.town.rows(LEFT)
        if not (left.waiting or left.dead):
            return time.monotonic() - began
        if time.monotonic() - began > TELL_SECONDS:
            raise NotDrained(
                f"everybody hears: after {TELL_SECONDS:g} s {left.waiting} rows wait and {left.dead} are dead"
            )
        if left.dead:
            replay(site)
        site.hurry_notices()
        time.sleep(LOOK_SECONDS)


def replay(site: Site) -> None:
    """As an operator does who has heard that the receiver is there again."""
    command = [sys.executable, "-m", "deploy.cli", "notices", "replay", "--all"]
    with contextlib.suppress(subprocess.TimeoutExpired):  # the database may be frozen: somebody comes again at the end
        subprocess.run(
            command, cwd=ROOT, env=site.town.environment, capture_output=True, check=False, timeout=REPLAY_SECONDS
        )
