"""Reading settings one by one: texts to values, and every problem kept."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

T = TypeVar("T")

SECRETS: Final = frozenset(
    {
        *("CACHE_URL", "CELERY_BROKER_URL", "DATABASE_URL", "NOTIFY_SECRET", "NOTIFY_URL", "PROVIDER_TOKEN"),
        *("PROVIDER_URL", "SECRET_KEY"),
    }
)
"""What is wrong with these is said without their value, which can hold a password."""
LOOPBACK: Final = re.compile(r"\A127(\.[0-9]{1,3}){3}\Z")
RATE: Final = re.compile(r"\A[1-9][0-9]{0,8}/(second|minute|hour|day)\Z")


class Reader:
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
            said = str(error) or "not understood"
            self.problems.append(f"{name}: {said}" if name in SECRETS else f"{name}: {said} (is {text!r})")
            return default

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        return self.value(name, default, lambda text: bounded(int(text), low, high))

    def seconds(self, name: str, default: float, low: float, high: float) -> float:
        return self.value(name, default, lambda text: bounded(float(text), low, high))

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        def convert(text: str) -> str:
            if text not in allowed:
                raise ValueError(f"must be one of {', '.join(allowed)}")
            return text

        return self.value(name, default, convert)


def database_url(text: str) -> str:
    """A PostgreSQL URL as SQLAlchemy's psycopg2 dialect wants it; all three usual schemes are accepted."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError("must begin with postgres://, postgresql:// or postgresql+psycopg2://")
    return f"postgresql+psycopg2://{rest}"


def broker_url(text: str) -> str:
    if urlsplit(text).scheme not in ("redis", "rediss", "sentinel", "amqp", "amqps"):
        raise ValueError("must begin with redis://, rediss://, sentinel:// or amqp://")
    return text


def cache_url(text: str) -> str | None:
    if urlsplit(text).scheme not in ("redis", "rediss"):
        raise ValueError("must begin with redis:// or rediss://")
    return text


def rate(text: str) -> str:
    """So many in a unit of time, as `600/minute`; "" for `0`, which means no limit."""
    if text == "0":
        return ""
    if not RATE.match(text):
        raise ValueError("must be 0 or as 600/minute: a number, then second, minute, hour or day")
    return text


def http_url(text: str) -> str:
    """What paths are put behind. Raises ValueError: here, and not when the first payment is to be sent."""
    parts = urlsplit(address(text))
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must have no user, query or fragment")
    return text.rstrip("/")


def address(text: str) -> str:
    """An http:// or https:// URL, as it is. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL")
    if " " in text or not text.isprintable():
        raise ValueError("must have no spaces")
    if parts.port == 0:  # one that is no number, or too large a one, raises by itself
        raise ValueError("must have a port between 1 and 65535")
    return text


def receiver_url(text: str) -> str:
    """Where notices go, as it is. Raises ValueError, also for what no call would have in it."""
    parts = urlsplit(address(text))
    if parts.username is not None or parts.fragment:
        raise ValueError("must have no user and no fragment: calls are signed instead")
    return text


def https_receiver_url(text: str) -> str:
    """The same, and only with TLS. Raises ValueError."""
    if not text.startswith("https://"):
        raise ValueError("must begin with https:// when APP_ENV=production")
    return receiver_url(text)


def signing_secrets(text: str) -> tuple[bytes, ...]:
    """One, or several with commas or spaces between: while receivers learn a new one, both sign. Raises ValueError."""
    secrets = tuple(_signing_secret(part) for part in text.replace(",", " ").split())
    if not (secrets and all(secrets)):
        raise ValueError("must be whsec_ and the base64 of 24 to 64 random bytes, or several with spaces between")
    return secrets


def strong_signing_secrets(text: str) -> tuple[bytes, ...]:
    """The same, as long as the Standard Webhooks specification wants them. Raises ValueError."""
    secrets = signing_secrets(text)
    if not all(24 <= len(secret) <= 64 for secret in secrets):
        raise ValueError("must be of 24 to 64 bytes when APP_ENV=production")
    return secrets


def _signing_secret(text: str) -> bytes:
    try:
        return base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        return b""


def token(text: str) -> str:
    """What can stand in a header."""
    if not (text.isascii() and text.isprintable()):
        raise ValueError("must be printable ASCII")
    return text


def is_untouched_on_its_way(url: str) -> bool:
    """Whether nobody between us and the server can change the answer: by TLS, or because it is on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" or host in ("localhost", "::1") or bool(LOOPBACK.match(host))


def bounded(value: T, low: float, high: float) -> T:
    if not low <= value <= high:  # type: ignore[operator]
        raise ValueError(f"must lie between {low:g} and {high:g}")
    return value


def positive_decimal(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite() or value <= 0:
        raise ValueError("must be a positive amount")
    return value


def boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        raise ValueError("is no IANA time zone, such as Europe/London") from None


def frozen(text: str, zone: ZoneInfo) -> datetime:
    """`YYYY-MM-DD` means noon, so that neither opening nor cut-off is near."""
    if "T" in text:
        day, _, clock = text.partition("T")
        return datetime.combine(date.fromisoformat(day), time.fromisoformat(clock), zone)
    return datetime.combine(date.fromisoformat(text), time(12), zone)
