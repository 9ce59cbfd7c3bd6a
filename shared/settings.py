"""Configuration: typed, frozen, read once at process start. Every problem is named, not only the first."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from shared.domain.days import parse_local_time
from shared.domain.horizon import Horizon

T = TypeVar("T")

DEVELOPMENT_SECRET = "development-only-secret-key"  # noqa: S105 - refused in production
CALL_MARGIN_SECONDS = 2.0
"""No call begins later than lease - call time-out - this (rule C3)."""
LEASE_SECONDS_MAX = 1800
"""Well inside the broker's visibility time-out of an hour, so that no batch outlives its message."""


class SettingsError(Exception):
    """The environment is wrong; `problems` lists everything that is, each a sentence."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """The payment API. Seconds are real seconds; `max_rps` 0 means no limit."""

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

    @property
    def production(self) -> bool:
        return self.app_env == "production"


class _Reader:
    """Reads names one by one and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.problems: list[str] = []

    def raw(self, name: str) -> str | None:
        value = self._environment.get(name)
        path = self._environment.get(f"{name}_FILE")
        if value and path:
            self.problems.append(f"{name} and {name}_FILE are both set; keep one")
        if path and not value:
            try:
                value = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                self.problems.append(f"{name}_FILE: cannot read {path}: {error}")
        return value or None

    def value(self, name: str, default: T, convert: Callable[[str], T]) -> T:
        text = self.raw(name)
        if text is None:
            return default
        try:
            return convert(text.strip())
        except (ValueError, InvalidOperation, LookupError, OSError) as error:
            self.problems.append(f"{name}: {error if str(error) else 'not understood'} (is {text!r})")
            return default

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        return self.value(name, default, lambda text: _bounded(int(text), low, high))

    def seconds(self, name: str, default: float, low: float, high: float) -> float:
        return self.value(name, default, lambda text: _bounded(float(text), low, high))

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        def convert(text: str) -> str:
            if text not in allowed:
                raise ValueError(f"must be one of {', '.join(allowed)}")
            return text

        return self.value(name, default, convert)


def read_settings(environment: Mapping[str, str] | None = None, *, needs: frozenset[str] = frozenset()) -> Settings:
    """The settings of this process; `needs` names the servers it cannot do without.

    `needs` is a set of DATABASE_URL, CELERY_BROKER_URL, PROVIDER_URL; what is not needed may be unset (then "").
    Raises SettingsError with every problem found.
    """
    reader = _Reader(os.environ if environment is None else environment)
    app_env = reader.choice("APP_ENV", "development", ("development", "test", "production"))
    settings = Settings(
        app_env=app_env,
        database_url=_server(reader, "DATABASE_URL", needs, database_url),
        broker_url=_server(reader, "CELERY_BROKER_URL", needs, _broker_url),
        cache_url=reader.value("CACHE_URL", None, _cache_url),
        provider=_provider(reader, needs),
        batch_size=reader.integer("BATCH_SIZE", 1000, 1, 10_000),
        lease_seconds=reader.integer("LEASE_SECONDS", 120, 1, LEASE_SECONDS_MAX),
        business=_business(reader),
        horizon=_horizon(reader),
        holiday_calendar=reader.value("HOLIDAY_CALENDAR", "GB-ENG", str),
        suspend_after_failures=reader.integer("SUSPEND_AFTER_FAILURES", 3, 1, 1000),
        max_amount=reader.value("MAX_AMOUNT", Decimal("1000000.00"), _positive_decimal),
        oidc=_oidc(reader),
        secret_key=reader.value("SECRET_KEY", DEVELOPMENT_SECRET, str),
        log_format=reader.choice("LOG_FORMAT", "json", ("json", "console")),
        log_level=reader.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        port=reader.integer("PORT", 8000, 0, 65_535),
    )
    reader.problems += _contradictions(settings)
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


def database_url(text: str) -> str:
    """A PostgreSQL URL as SQLAlchemy's psycopg2 dialect wants it; all three usual schemes are accepted."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError("must begin with postgres://, postgresql:// or postgresql+psycopg2://")
    return f"postgresql+psycopg2://{rest}"


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
    if settings.provider.key_window_seconds <= settings.lease_seconds:
        problems.append("PROVIDER_KEY_WINDOW_SECONDS: must be longer than LEASE_SECONDS")
    if settings.production:
        if settings.business.frozen is not None:
            problems.append("BUSINESS_DATE: is refused when APP_ENV=production; unset it")
        if settings.secret_key == DEVELOPMENT_SECRET:
            problems.append("SECRET_KEY: must be set when APP_ENV=production")
        if not (settings.oidc.issuer and (settings.oidc.jwks_url or settings.oidc.public_key_file)):
            problems.append(
                "OIDC_ISSUER with OIDC_JWKS_URL or OIDC_PUBLIC_KEY_FILE: must be set when APP_ENV=production"
            )
    return problems


def _provider(reader: _Reader, needs: frozenset[str]) -> ProviderSettings:
    window = reader.seconds("PROVIDER_KEY_WINDOW_SECONDS", 86_400.0, 1, 10**9)
    return ProviderSettings(
        url=_server(reader, "PROVIDER_URL", needs, _http_url),
        token=reader.raw("PROVIDER_TOKEN"),
        name=reader.value("PROVIDER_NAME", "default", str),
        mode=reader.choice("PROVIDER_MODE", "key", ("key", "enquiry", "none")),
        key_window_seconds=window,
        record_seconds=reader.seconds("PROVIDER_RECORD_SECONDS", window, 1, 10**9),
        processing_seconds=reader.seconds("PROVIDER_PROCESSING_SECONDS", 300.0, 0, 10**7),
        resend_after_not_found=reader.value("PROVIDER_RESEND_AFTER_NOT_FOUND", False, _boolean),
        batch_size=reader.integer("PROVIDER_BATCH_SIZE", 1, 1, 10_000),
        concurrency=reader.integer("PROVIDER_CONCURRENCY", 8, 1, 1000),
        max_rps=reader.seconds("PROVIDER_MAX_RPS", 0.0, 0, 10**6),
        timeout_seconds=reader.seconds("PROVIDER_TIMEOUT_SECONDS", 10.0, 0.05, 600),
    )


def _business(reader: _Reader) -> BusinessClock:
    zone = reader.value("BUSINESS_TIMEZONE", ZoneInfo("Europe/London"), _zone)
    return BusinessClock(
        zone=zone,
        opens_at=reader.value("RUN_OPENS_AT", 0, parse_local_time),
        cutoff_at=reader.value("CUTOFF_AT", 24 * 60, parse_local_time),
        retry_at=reader.value("RETRY_AT", 14 * 60, parse_local_time),
        frozen=reader.value("BUSINESS_DATE", None, lambda text: _frozen(text, zone)),
    )


def _horizon(reader: _Reader) -> Horizon:
    low = reader.integer("HORIZON_CYCLES_MIN", 12, 1, 400)
    high = reader.integer("HORIZON_CYCLES_MAX", 18, 1, 400)
    if high < low:
        reader.problems.append("HORIZON_CYCLES_MAX: must not be less than HORIZON_CYCLES_MIN")
        return Horizon()
    return Horizon(low, high)


def _oidc(reader: _Reader) -> OidcSettings:
    path = reader.raw("OIDC_PUBLIC_KEY_FILE")
    return OidcSettings(
        issuer=reader.raw("OIDC_ISSUER"),
        audience=reader.raw("OIDC_AUDIENCE"),
        jwks_url=reader.value("OIDC_JWKS_URL", None, _http_url),
        public_key_file=Path(path) if path else None,
    )


def _server(reader: _Reader, name: str, needs: frozenset[str], convert: Callable[[str], str]) -> str:
    before = len(reader.problems)
    url = reader.value(name, "", convert)
    if not url and name in needs and len(reader.problems) == before:
        start = "payday sandbox-bank" if name == "PROVIDER_URL" else "payday services"
        reader.problems.append(
            f"{name}: is not set; set it to your server, or start one with `{start}` and use what it prints"
        )
    return url


def _broker_url(text: str) -> str:
    if urlsplit(text).scheme not in ("redis", "rediss", "sentinel", "amqp", "amqps"):
        raise ValueError("must begin with redis://, rediss://, sentinel:// or amqp://")
    return text


def _cache_url(text: str) -> str | None:
    if urlsplit(text).scheme not in ("redis", "rediss"):
        raise ValueError("must begin with redis:// or rediss://")
    return text


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL")
    return text.rstrip("/")


def _bounded(value: T, low: float, high: float) -> T:
    if not low <= value <= high:  # type: ignore[operator]
        raise ValueError(f"must lie between {low:g} and {high:g}")
    return value


def _positive_decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or value <= 0:
        raise ValueError("must be a positive amount")
    return value


def _boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        raise ValueError("is no IANA time zone, such as Europe/London") from None


def _frozen(text: str, zone: ZoneInfo) -> datetime:
    """`YYYY-MM-DD` means noon, so that neither opening nor cut-off is near."""
    if "T" in text:
        day, _, clock = text.partition("T")
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), zone)
    return datetime.combine(date.fromisoformat(text), time(12), zone)
