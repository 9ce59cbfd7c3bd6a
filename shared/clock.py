"""The only reader of the wall clock. Business time comes from the database (rule D1), see `shared.db.clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """This host's time; good for logs and tokens, never for deciding what is paid when."""
    return datetime.now(UTC)


def unix_milliseconds() -> int:
    """Milliseconds since 1970 by this host's clock, for UUIDv7."""
    return time.time_ns() // 1_000_000
