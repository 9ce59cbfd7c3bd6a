"""What must happen after the last fault: everything that is due comes to its end."""

from __future__ import annotations

import time

import requests

from tests.chaos.client import Client
from tests.chaos.site import LEASE_SECONDS, Site

DRAIN_SECONDS = 150.0
LOOK_SECONDS = 1.0

LEFT = """
SELECT
  count(*) FILTER (WHERE status IN ('scheduled', 'processing')) AS open,
  count(*) FILTER (WHERE status = 'unknown') AS unknown,
  count(*) FILTER (WHERE status = 'failed' AND retry_on <= CAST(:today AS date)
    AND first_declined_on < CAST(:today AS date)) AS again
FROM event WHERE date <= CAST(:today AS date)
"""
# What the resolver was to look at in an hour or a day, it looks at now; but not what another resolver still holds.
HURRY = """
UPDATE attempt SET next_at = clock_timestamp() WHERE state = 'open' AND asks > 0 AND next_at > clock_timestamp()
  AND clock_timestamp() - next_at + make_interval(secs => coalesce((ARRAY[60, 300, 3600])[asks], 86400))
    > make_interval(secs => :held) RETURNING 1
"""


class NotDrained(AssertionError):
    """Something due did not come to its end in time."""


def drain(site: Site) -> float:
    """Returns how many seconds it took. Raises NotDrained."""
    began, client = time.monotonic(), site.client()
    while True:
        site.crew.tend()
        left = _left(site)
        if left is not None and not any(left.values()):
            return time.monotonic() - began
        if time.monotonic() - began > DRAIN_SECONDS:
            raise NotDrained(f"everything due ends: after {DRAIN_SECONDS:g} s there are {left}")
        _end_holds(client)
        time.sleep(LOOK_SECONDS)


def _left(site: Site) -> dict[str, int] | None:
    today = site.town.business_date[:10]
    (row,) = site.town.rows(LEFT, today=today)
    left = {"open": row.open, "unknown": row.unknown, "again": row.again}
    if site.options.mode == "none":
        del left["unknown"]
    else:
        site.town.rows(HURRY, held=2 * LEASE_SECONDS + 1)
    return left


def _end_holds(client: Client) -> None:
    """Those whose user could not."""
    try:
        for hold in client.get("/v1/holds?limit=200")["data"]:
            client.ask("DELETE", f"/v1/holds/{hold['id']}", operator=True)
    except requests.RequestException:
        return
