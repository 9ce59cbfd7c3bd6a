"""Named points at which a test lets this process die, to show that a crash there loses and doubles nothing.

Nothing is armed unless `CRASH_AT` says so, which production refuses; a point that is not armed costs one comparison.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

POINTS: Final = frozenset(
    {
        # paying a batch, in this order
        "in_claim_commit",
        "after_claim",
        "before_send",
        "after_send",
        "after_answer",
        "before_settle",
        "in_settle_commit",
        "after_settle",
        "before_suspend",
        "before_ack",
        # the dispatcher's tick
        "in_plan_commit",
        "after_plan_step",
        "before_close",
        "in_close_commit",
        "after_mark",
        "after_publish",
        # extending
        "in_extend_commit",
        "after_extend",
        # the resolver
        "after_take",
        "before_proof",
        "in_proof_commit",
        "after_proof",
        # telling the receiver, where a call was made or its record is written
        "before_tell",
        "after_tell",
        "in_tell_commit",
        # putting a date's upcoming payments in the outbox
        "in_upcoming_commit",
        "after_upcoming_step",
        # sealing the audit
        "before_seal_commit",
        "in_seal_commit",
        "after_seal",
    }
)
SOON_SECONDS: Final = 0.0005


@dataclass(frozen=True, slots=True)
class CrashAt:
    """Die when `point` is reached for the `hit`-th time (1, 2, …) by all processes that share the file `counter`."""

    point: str
    hit: int
    counter: Path


_armed: CrashAt | None = None


def parse(text: str) -> CrashAt:
    """From `POINT:HIT:FILE`. Raises ValueError."""
    point, _, rest = text.partition(":")
    hit, _, counter = rest.partition(":")
    if point not in POINTS or not hit.isdigit() or int(hit) < 1 or not counter:
        raise ValueError(f"must be POINT:HIT:FILE with one of the points {', '.join(sorted(POINTS))}")
    return CrashAt(point, int(hit), Path(counter))


def arm(crash_at: CrashAt | None) -> None:
    """From now on this process dies there; None: nowhere."""
    global _armed
    _armed = crash_at


def reached(point: str) -> None:
    """Dies here if it is time. A point that begins with `in_` dies a moment later, in the middle of what follows."""
    if _armed is None or _armed.point != point or _count(_armed.counter) != _armed.hit:
        return
    if point.startswith("in_"):
        threading.Thread(target=_die, args=(SOON_SECONDS,), daemon=True).start()
    else:
        _die(0.0)


def _count(counter: Path) -> int:
    """How often the point was reached by now; each hit is one byte, so that no two processes count the same."""
    descriptor = os.open(counter, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, b".")
        return os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        os.close(descriptor)


def _die(seconds: float) -> None:
    time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)
