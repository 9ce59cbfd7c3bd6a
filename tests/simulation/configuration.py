"""The settings of a simulated payday, read as production reads them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from shared.settings import Settings, read_settings

LEASE_SECONDS = 60
TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """What differs from seed to seed. Windows in seconds."""

    mode: str = "key"
    key_window_seconds: int = 86_400
    record_seconds: int = 30 * 86_400
    resend_after_not_found: bool = False
    batch_size: int = 2
    part_of: int = 1
    provider: str = "default"
    processing_seconds: int = 30


@cache
def settings(terms: Terms, database_url: str = "postgresql://nowhere/payday") -> Settings:
    """The settings that say so."""
    return read_settings(
        {
            "DATABASE_URL": database_url,
            "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
            "PROVIDER_URL": "http://127.0.0.1:1",
            "PROVIDER_NAME": terms.provider,
            "PROVIDER_MODE": terms.mode,
            "PROVIDER_KEY_WINDOW_SECONDS": str(terms.key_window_seconds),
            "PROVIDER_RECORD_SECONDS": str(terms.record_seconds),
            "PROVIDER_PROCESSING_SECONDS": str(terms.processing_seconds),
            "PROVIDER_RESEND_AFTER_NOT_FOUND": str(terms.resend_after_not_found).lower(),
            "PROVIDER_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
            "PROVIDER_CONCURRENCY": str(terms.part_of),
            "BATCH_SIZE": str(terms.batch_size),
            "LEASE_SECONDS": str(LEASE_SECONDS),
            "RUN_OPENS_AT": "09:00",
            "RETRY_AT": "17:52",
            "CUTOFF_AT": "18:00",
        }
    )
