"""Configuration: typed, frozen, read once at process start. Every problem is named, not only the first."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from shared import crash_points
from shared import settings_values as values
from shared.crash_points import CrashAt
from shared.domain.days import parse_local_time
from shared.domain.horizon import Horizon
from shared.settings_values import Reader

DEVELOPMENT_SECRET = "development-only-secret-key"  # noqa: S105 - refused in production
CALL_MARGIN_SECONDS = 2.0
"""No call begins later than lease - call time-out - this (rule C3)."""
SPREAD_CALLS = 100
"""Of a batch whose calls are spread so many are claimed at a time: at one a second they fit into the usual lease."""
LEASE_SECONDS_MAX = 1800
"""Well inside the broker's visibility time-out of an hour, so that no batch outlives its message."""


class SettingsError(Exception):
    """The environment is wrong; `problems` lists everything that is, each a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """The payment API. Seconds are real seconds; `max_rps` 0 means no limit.

    `spread_until`: the local time, in minutes since midnight, until which a run spreads its calls; None: it does not.
    """

    url: str
    token: str | None = None
    name: str = "default"
    mode: str = "key"
    key_window_seconds: float = 86_400.0
    record_seconds: float = 86_400.0
    processing_seconds: float = 300.0
    resend_after_not_found: bool = False
    batch_size: int = 1
    concurrency: int = 8
    max_rps: float = 0.0
    timeout_seconds: float = 10.0
    spread_until: int | None = None

    @property
    def part_size(self) -> int | None:
        """How many events are claimed at a time (rule C1): where nothing is sent again, so many may become unknown
        by one crash; where calls are spread, so many would be given back when the lease ends. None: a whole batch."""
        if self.mode != "key":
            return self.concurrency * self.batch_size
        return None if self.spread_until is None else SPREAD_CALLS * self.batch_size


@dataclass(frozen=True, slots=True)
class BusinessClock:
    """Whose calendar day "today" is, and when a run may pay. Times are minutes since local midnight."""

    zone: ZoneInfo
    opens_at: int = 0
    cutoff_at: int = 24 * 60
    retry_at: int = 14 * 60
    frozen: datetime | None = None


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Who may call the API; without a key source the development key is used, outside production only."""

    issuer: str | None = None
    audience: str | None = None
    jwks_url: str | None = None
    public_key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Who hears of what became of payments. `secrets`: raw bytes; each signs, so that a receiver may know any of them.

    `days_before`: how long before its date a payment is told of as coming; 0: it is not. `allow_private`: the receiver
    may have an address of this machine or of a private network.
    """

    url: str
    secrets: tuple[bytes, ...] = field(repr=False)
    days_before: int = 2
    allow_private: bool = False
    timeout_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """What one caller may ask of the API. Rates as `600/minute`, "" for none; 0 schedules means no limit.

    The rates let through what one payer's program or one front end does at its busiest: they end a loop that has run
    wild before it takes the whole service, and are no price list.
    """

    payer: str = "60000/minute"
    trusted: str = "600000/minute"
    schedules: int = 10_000


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a process of Payday is told."""

    app_env: str
    database_url: str
    broker_url: str
    cache_url: str | None
    provider: ProviderSettings
    batch_size: int
    lease_seconds: int
    business: BusinessClock
    horizon: Horizon
    holiday_calendar: str
    suspend_after_failures: int
    max_amount: Decimal
    oidc: OidcSettings
    secret_key: str
    log_format: str
    log_level: str
    port: int
    limits: LimitSettings = LimitSettings()
    notify: NotifySettings | None = None
    drain_seconds: float = 2.0
    crash_at: CrashAt | None = None
    metrics_folder: Path | None = None
    worker_nice: int = 10

    @property
    def production(self) -> bool:
        return self.app_env == "production"


def read_settings(environment: Mapping[str, str] | None = None, *, needs: frozenset[str] = frozenset()) -> Settings:
    """The settings of this process; `needs` names the servers it cannot do without.

    `needs` is a set of DATABASE_URL, CELERY_BROKER_URL, PROVIDER_URL; what is not needed may be unset (then "").
    Raises SettingsError with every problem found.
    """
    reader = Reader(os.environ if environment is None else environment)
    app_env = reader.choice("APP_ENV", "development", ("development", "test", "production"))
    settings = Settings(
        app_env=app_env,
        database_url=_server(reader, "DATABASE_URL", needs, values.database_url),
        broker_url=_server(reader, "CELERY_BROKER_URL", needs, values.broker_url),
        cache_url=reader.value("CACHE_URL", None, values.cache_url),
        provider=_provider(reader, needs),
        batch_size=reader.integer("BATCH_SIZE", 1000, 1, 10_000),
        lease_seconds=reader.integer("LEASE_SECONDS", 120, 1, LEASE_SECONDS_MAX),
        business=_business(reader),
        horizon=_horizon(reader),
        holiday_calendar=reader.value("HOLIDAY_CALENDAR", "GB-ENG", str),
        suspend_after_failures=reader.integer("SUSPEND_AFTER_FAILURES", 3, 1, 1000),
        max_amount=reader.value("MAX_AMOUNT", Decimal("1000000.00"), values.positive_decimal),
        oidc=_oidc(reader),
        secret_key=reader.value("SECRET_KEY", DEVELOPMENT_SECRET, str),
        log_format=reader.choice("LOG_FORMAT", "json", ("json", "console")),
        log_level=reader.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        port=reader.integer("PORT", 8000, 0, 65_535),
        limits=_limits(reader),
        notify=_notify(reader, development=app_env != "production"),
        drain_seconds=reader.seconds("DRAIN_SECONDS", 2.0, 0, 300),
        crash_at=reader.value("CRASH_AT", None, crash_points.parse),
        metrics_folder=reader.value("PROMETHEUS_MULTIPROC_DIR", None, Path),
        worker_nice=reader.integer("WORKER_NICE", 10, 0, 19),
    )
    reader.problems += _contradictions(settings)
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def _contradictions(settings: Settings) -> list[str]:
    """Limits checked against each other, so that no process starts with settings that break a rule."""
    problems = []
    shortest = 2 * settings.provider.timeout_seconds + 5
    if settings.lease_seconds < shortest:
        problems.append(
            f"LEASE_SECONDS: {settings.lease_seconds} is too short, it must be at least"
            f" 2 x PROVIDER_TIMEOUT_SECONDS + 5 = {shortest:g}"
        )
    if settings.business.opens_at >= settings.business.cutoff_at:
        problems.append("CUTOFF_AT: must be later than RUN_OPENS_AT")
    spread_until = settings.provider.spread_until
    if spread_until is not None and not settings.business.opens_at < spread_until < settings.business.cutoff_at:
        problems.append(
            "PROVIDER_SPREAD_UNTIL: must be later than RUN_OPENS_AT and earlier than CUTOFF_AT: what is late is paid"
            " between the two"
        )
    if settings.provider.key_window_seconds <= settings.lease_seconds:
        problems.append("PROVIDER_KEY_WINDOW_SECONDS: must be longer than LEASE_SECONDS")
    if settings.production:
        if settings.crash_at is not None:
            problems.append("CRASH_AT: is for tests, and refused when APP_ENV=production; unset it")
        if settings.business.frozen is not None:
            problems.append("BUSINESS_DATE: is refused when APP_ENV=production; unset it")
        problems += _exposed(settings)
    return problems


def _exposed(settings: Settings) -> list[str]:
    """What would let others into a production that serves the API."""
    problems = []
    if settings.secret_key == DEVELOPMENT_SECRET:
        problems.append("SECRET_KEY: must be set when APP_ENV=production")
    if not (settings.oidc.issuer and (settings.oidc.jwks_url or settings.oidc.public_key_file)):
        problems.append("OIDC_ISSUER with OIDC_JWKS_URL or OIDC_PUBLIC_KEY_FILE: must be set when APP_ENV=production")
    if settings.oidc.jwks_url and not values.is_untouched_on_its_way(settings.oidc.jwks_url):
        problems.append(
            "OIDC_JWKS_URL: must begin with https:// when APP_ENV=production: whoever changes the keys on their way"
            " makes tokens"
        )
    return problems


def _provider(reader: Reader, needs: frozenset[str]) -> ProviderSettings:
    window = reader.seconds("PROVIDER_KEY_WINDOW_SECONDS", 86_400.0, 1, 10**9)
    return ProviderSettings(
        url=_server(reader, "PROVIDER_URL", needs, values.http_url),
        token=reader.value("PROVIDER_TOKEN", None, values.token),
        name=reader.value("PROVIDER_NAME", "default", str),
        mode=reader.choice("PROVIDER_MODE", "key", ("key", "enquiry", "none")),
        key_window_seconds=window,
        record_seconds=reader.seconds("PROVIDER_RECORD_SECONDS", window, 1, 10**9),
        processing_seconds=reader.seconds("PROVIDER_PROCESSING_SECONDS", 300.0, 0, 10**7),
        resend_after_not_found=reader.value("PROVIDER_RESEND_AFTER_NOT_FOUND", False, values.boolean),
        batch_size=reader.integer("PROVIDER_BATCH_SIZE", 1, 1, 10_000),
        concurrency=reader.integer("PROVIDER_CONCURRENCY", 8, 1, 1000),
        max_rps=reader.seconds("PROVIDER_MAX_RPS", 0.0, 0, 10**6),
        timeout_seconds=reader.seconds("PROVIDER_TIMEOUT_SECONDS", 10.0, 0.05, 600),
        spread_until=reader.value("PROVIDER_SPREAD_UNTIL", None, parse_local_time),
    )


def _business(reader: Reader) -> BusinessClock:
    zone = reader.value("BUSINESS_TIMEZONE", ZoneInfo("Europe/London"), values.zone)
    return BusinessClock(
        zone=zone,
        opens_at=reader.value("RUN_OPENS_AT", 0, parse_local_time),
        cutoff_at=reader.value("CUTOFF_AT", 24 * 60, parse_local_time),
        retry_at=reader.value("RETRY_AT", 14 * 60, parse_local_time),
        frozen=reader.value("BUSINESS_DATE", None, lambda text: values.frozen(text, zone)),
    )


def _horizon(reader: Reader) -> Horizon:
    low = reader.integer("HORIZON_CYCLES_MIN", 12, 1, 400)
    high = reader.integer("HORIZON_CYCLES_MAX", 18, 1, 400)
    if high < low:
        reader.problems.append("HORIZON_CYCLES_MAX: must not be less than HORIZON_CYCLES_MIN")
        return Horizon()
    return Horizon(low, high)


def _oidc(reader: Reader) -> OidcSettings:
    path = reader.raw("OIDC_PUBLIC_KEY_FILE")
    if path and reader.raw("OIDC_JWKS_URL"):
        reader.problems.append("OIDC_JWKS_URL and OIDC_PUBLIC_KEY_FILE are both set; keep one")
    return OidcSettings(
        issuer=reader.raw("OIDC_ISSUER"),
        audience=reader.raw("OIDC_AUDIENCE"),
        jwks_url=reader.value("OIDC_JWKS_URL", None, values.address),
        public_key_file=Path(path) if path else None,
    )


def _limits(reader: Reader) -> LimitSettings:
    usual = LimitSettings()
    return LimitSettings(
        payer=reader.value("RATE_LIMIT_PAYER", usual.payer, values.rate),
        trusted=reader.value("RATE_LIMIT_TRUSTED", usual.trusted, values.rate),
        schedules=reader.integer("MAX_SCHEDULES_PER_PAYER", usual.schedules, 0, 10**6),
    )


def _notify(reader: Reader, *, development: bool) -> NotifySettings | None:
    """None where nobody is told. In production the way there is to be safe, and lead to nobody's inside by mistake."""
    receiver_url = values.receiver_url if development else values.https_receiver_url
    signing_secrets = values.signing_secrets if development else values.strong_signing_secrets
    url = reader.value("NOTIFY_URL", None, receiver_url)
    secrets = reader.value("NOTIFY_SECRET", tuple[bytes, ...](), signing_secrets)
    settings = NotifySettings(
        url=url or "",
        secrets=secrets,
        days_before=reader.integer("NOTIFY_DAYS_BEFORE", 2, 0, 31),
        allow_private=reader.value("NOTIFY_ALLOW_PRIVATE", development, values.boolean),
        timeout_seconds=reader.seconds("NOTIFY_TIMEOUT_SECONDS", 15.0, 0.05, 60),
    )
    if url and not secrets and reader.raw("NOTIFY_SECRET") is None:
        reader.problems.append(
            "NOTIFY_SECRET: must be set with NOTIFY_URL, as whsec_ and 24 to 64 random bytes in base64: receivers know"
            " by the signature that a notice is ours"
        )
    return settings if url else None


def _server(reader: Reader, name: str, needs: frozenset[str], convert: Callable[[str], str]) -> str:
    before = len(reader.problems)
    url = reader.value(name, "", convert)
    if not url and name in needs and len(reader.problems) == before:
        start = "payday sandbox-bank" if name == "PROVIDER_URL" else "payday services"
        reader.problems.append(
            f"{name}: is not set; set it to your server, or start one with `{start}` and use what it prints"
        )
    return url
