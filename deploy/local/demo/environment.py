"""The environment of the demo's processes."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import date

from deploy.local.receiver.routes import NOTICES

# Nothing else of ours goes on: whoever has a real bank's PROVIDER_URL in the shell must not see it paid from here.
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
KEPT_PREFIXES = ("LC_", "PYTHON", "PGSSL", "SSL_")
TIMEZONE = "Europe/London"
NOON = "12:00"
BATCHES = 20
"""So many batches, at least, make up the day, so that there is something to watch."""


def demo_environment(
    given: Mapping[str, str],
    servers: Mapping[str, str],
    *,
    bank_url: str,
    receiver_url: str,
    today: date,
    schedules: int,
) -> dict[str, str]:
    """The whole environment of receiver, API, worker, beat and Flower."""
    kept = {name: value for name, value in given.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    return {
        **kept,
        **servers,
        "APP_ENV": "development",
        "SECRET_KEY": secrets.token_hex(16),
        "PROVIDER_URL": bank_url,
        "PROVIDER_TOKEN": secrets.token_hex(16),
        "PROVIDER_MODE": "key",
        "NOTIFY_URL": receiver_url + NOTICES,
        "NOTIFY_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
        # Frozen: what is due today stays due, also when the demo runs over midnight.
        "BUSINESS_TIMEZONE": TIMEZONE,
        "BUSINESS_DATE": f"{today}T{NOON}",
        "BATCH_SIZE": str(min(1000, max(5, schedules // BATCHES))),
        "WEB_CONCURRENCY": "2",
        "LOG_FORMAT": "console",
        "LOG_LEVEL": "INFO",
        "PYTHONUNBUFFERED": "1",
        # Celery warns root at every start; here all it could do is the demo.
        "PYTHONWARNINGS": "ignore::RuntimeWarning:celery.platforms",
    }
