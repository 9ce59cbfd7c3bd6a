"""Time: the cut-off passes, days pass, a run is closed by hand. The clock only goes forwards (rule D1)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import requests

from tests.chaos.faults.kind import Kind
from tests.chaos.site import Site

EVENING_SECONDS = 3.0


def next_day(site: Site, rng: Random) -> Iterator[None]:
    _move(site, 1)
    yield


def days_away(site: Site, rng: Random) -> Iterator[None]:
    """Nobody worked for some days."""
    _move(site, rng.randint(2, 4))
    yield


def over_the_cutoff(site: Site, rng: Random) -> Iterator[None]:
    """Evening first, when nothing may be sent, then the next day."""
    site.crew.move(f"{site.town.business_date[:10]}T23:30")
    try:
        until = time.monotonic() + EVENING_SECONDS
        while time.monotonic() < until:
            yield
    finally:
        _move(site, 1)


def closed_by_hand(site: Site, rng: Random) -> Iterator[None]:
    """An operator closes the run in the middle of it; what is left is the next day's."""
    path = f"/v1/runs/{site.town.business_date[:10]}/close"
    try:
        site.client().ask("POST", path, {"reason": "chaos"}, operator=True)
        yield
    except requests.RequestException:
        yield
    finally:
        _move(site, 1)


def _move(site: Site, days: int) -> None:
    """Returns when everybody works again, at noon."""
    site.crew.move(f"{date.fromisoformat(site.town.business_date[:10]) + timedelta(days=days)}T12:00")
    site.open()


KINDS = (
    Kind("the next day comes", "everything", next_day, (0.5, 1.0)),
    Kind("days pass without anybody", "everything", days_away, (0.5, 1.0)),
    Kind("the cut-off passes", "everything", over_the_cutoff, (4.0, 5.0)),
    Kind("a run is closed by hand", "everything", closed_by_hand, (2.0, 3.0)),
)
