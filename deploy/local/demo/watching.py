"""Watching a run until nothing of it is left to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

from deploy.local.demo.client import HttpClient
from deploy.local.demo.failure import DemoFailedError
from deploy.local.demo.screen import Bar

POLL_SECONDS = 0.2
STUCK_SECONDS = 60.0
OUTCOMES = ("paid", "declined", "unknown", "withdrawn", "carried", "missed")


def watch(api: HttpClient, day: date, bar: Bar, check: Callable[[], None]) -> dict[str, Any]:
    """The Run of `day`, as soon as nothing waits and nothing is in flight; `check` raises when a process died.

    Raises DemoFailedError when it stands still, or is not there.
    """
    done, moved_at = -1, time.monotonic()
    while True:
        check()
        run = _read(api, day)
        if run is not None:
            before, done = done, sum(run[name]["count"] for name in OUTCOMES)
            moved_at = time.monotonic() if done != before else moved_at
            bar.show(done, run["due"]["count"], f"{run['declined']['count']} declined")
            if _is_over(run):
                return run
        if time.monotonic() - moved_at > STUCK_SECONDS:
            raise DemoFailedError(f"the run of {day} has stood still for {STUCK_SECONDS:g} seconds: {run}")
        time.sleep(POLL_SECONDS)


def _read(api: HttpClient, day: date) -> dict[str, Any] | None:
    """The run; None while the first tick has not begun it."""
    answer = api.call("GET", f"/v1/runs/{day}")
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise DemoFailedError(f"GET /v1/runs/{day}: answered {answer.status} {answer.body.decode(errors='replace')}")
    run: dict[str, Any] = answer.json()
    return run


def _is_over(run: dict[str, Any]) -> bool:
    return run["status"] in ("open", "closed") and not run["waiting"]["count"] and not run["inFlight"]["count"]
