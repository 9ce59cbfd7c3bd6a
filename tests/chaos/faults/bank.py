"""The provider: every scripted fault of the sandbox bank, its death, and an outage that ends slowly.

A fault that breaks the provider's own promise is left out where nothing could survive it: in mode `key` a bank that
ignores or forgets keys, in `enquiry` one that forgets what it paid when it is asked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random
from typing import Any

from deploy.local.bank.faults import KINDS as SCRIPTED
from tests.chaos.faults.kind import Harm, Kind
from tests.chaos.options import MODES
from tests.chaos.site import PROCESSING_SECONDS, Site

HALF = {"share": 0.5}
LATER = PROCESSING_SECONDS - 2.0
"""Paid so long after the client gave up, and yet within the time in which the provider says it may."""

SPECS: dict[str, list[dict[str, Any]]] = {
    "latency": [{"seconds": 1.5}, {"seconds": 1.5, "when": "before"}],
    "status": [{"status": 500}, {"status": 409, "code": "in_progress"}, {"status": 401}, {"status": 404}],
    "throttled": [{}, {"retryAfter": 1}, {"status": 503, "retryAfter": "2"}, {"retryAfterDateSeconds": 2}],
    "server_error": [{}, {"commit": True}, {"commitAfterSeconds": LATER, "commit": True}],
    "redirect": [{}],
    "drop": [{}, {"commit": True, "how": "rst"}, {"commit": True, "afterBytes": 20}],
    "hang": [{}, {"commit": False}, {"commitAfterSeconds": LATER, "hidden": True}],
    "drip": [{"intervalSeconds": 0.1}],
    "truncated": [{}],
    "wrong_json": [{}, {"text": "[]"}],
    "oversized": [{}, {"chunked": True}],
    "raw": [{}],
    "half_batch": [{"keep": 0.5}],
    "decline": [{"code": "insufficient_funds"}, {"code": "blocked"}],
    "error": [{}],
    "result": [{"body": {"status": "succeeded"}}, {"body": "nonsense", "status": 201}],
    "wrong_amount": [{}],
    "wrong_key": [{}],
    "missing": [{}],
    "duplicate_result": [{}, {"contradict": True}],
    "unknown_result": [{}],
    "ignore_key": [{}],
    "forget_key": [{}],
    "refuse_key": [{}],
    "down": [{"seconds": 2, "how": "refuse", "recoverSeconds": 3}, {"seconds": 2, "how": "overloaded"}],
}
OF_BATCHES = {"half_batch", "missing", "duplicate_result", "unknown_result"}
BREAKS_ITS_PROMISE = {"ignore_key": ("enquiry", "none"), "forget_key": ("none",)}


def scripted(name: str) -> Harm:
    """One form of a fault after the other, for half of the calls; at last none."""

    def harm(site: Site, rng: Random) -> Iterator[None]:
        share = {} if name == "down" else HALF
        forms = [{"fault": name, **share, **form} for form in SPECS[name]]
        rng.shuffle(forms)
        try:
            for form in forms:
                _heal(site)
                site.bank.faults(form)
                until = time.monotonic() + 2.0
                while time.monotonic() < until:
                    yield
            while True:
                yield
        finally:
            _heal(site)
            site.reopen()

    return harm


def _heal(site: Site) -> None:
    """A bank that refuses connections cannot be told to stop; it comes back by itself."""
    until = time.monotonic() + 15.0
    while True:
        try:
            site.bank.clear_faults()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def killed(site: Site, rng: Random) -> Iterator[None]:
    """SIGKILL, away for a moment, and back on its journal."""
    site.bank.kill()
    try:
        while True:
            yield
    finally:
        site.bank.restart()
        site.reopen()


def _seconds(name: str) -> tuple[float, float]:
    seconds = 2.0 * len(SPECS[name]) + (5.0 if name == "down" else 0.5)
    return seconds, seconds + 1.0


KINDS = (
    *(
        Kind(
            f"bank: {name}",
            "bank",
            scripted(name),
            _seconds(name),
            modes=BREAKS_ITS_PROMISE.get(name, MODES),
            of_batches=name in OF_BATCHES,
        )
        for name in SCRIPTED
    ),
    Kind("bank killed", "bank", killed, (1.0, 3.0)),
)
