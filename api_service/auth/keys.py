"""The public keys that tokens are checked with: from a file, or fetched from the issuer."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any, Final, Protocol

import requests
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from shared.log import get_logger

log = get_logger(__name__)

KEY_TYPES: Final[dict[str, str]] = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
ASYMMETRIC: Final[dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}

FRESH_SECONDS: Final = 600.0
"""How long fetched keys are used before they are fetched again."""
REFETCH_SECONDS: Final = 10.0
"""Between two fetches, whatever tokens come: unknown key ids must not make us hammer the issuer."""
TIMEOUT_SECONDS: Final = 3.0
MAX_BYTES: Final = 256 * 1024


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had now; nobody's token can be judged."""


class Keys(Protocol):
    """Where a token's key comes from."""

    def key(self, kid: str | None, algorithm: str) -> Key:
        """The key of that id for that algorithm. Raises InvalidKeyIdError, KeysUnavailable."""


class FixedKeys:
    """Keys that never change while the process lives."""

    def __init__(self, keys: list[Key]) -> None:
        self._keys = keys

    def key(self, kid: str | None, algorithm: str) -> Key:
        return choose(self._keys, kid, algorithm)


class IssuerKeys:
    """The issuer's published key set (RFC 7517): kept for ten minutes, fetched again for an unknown key id.

    While the issuer is down the keys fetched before are used on.
    """

    def __init__(self, url: str, *, refetch_seconds: float = REFETCH_SECONDS) -> None:
        self._url = url
        self._refetch_seconds = refetch_seconds
        self._keys: list[Key] = []
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._lock = threading.Lock()

    def key(self, kid: str | None, algorithm: str) -> Key:
        self._refresh(FRESH_SECONDS)
        try:
            return choose(self._keys, kid, algorithm)
        except InvalidKeyIdError:
            self._refresh(self._refetch_seconds)
            return choose(self._keys, kid, algorithm)

    def _refresh(self, older_than_seconds: float) -> None:
        """One thread fetches; the others go on with what there is, and wait only for the very first keys."""
        if not self._lock.acquire(blocking=self._fetched_at is None):
            return
        try:
            now = time.monotonic()
            if _is_older(self._fetched_at, now, older_than_seconds) and _is_older(
                self._tried_at, now, self._refetch_seconds
            ):
                self._tried_at = now
                self._fetch()
        finally:
            self._lock.release()
        if self._fetched_at is None:
            raise KeysUnavailable

    def _fetch(self) -> None:
        try:
            with requests.get(self._url, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True) as response:
                response.raise_for_status()
                self._keys = parse_key_set(json.loads(_read(response)))
            self._fetched_at = time.monotonic()
        except (requests.RequestException, ValueError, RecursionError) as error:
            log.warning("the issuer's keys cannot be fetched", reason=type(error).__name__)


def read_key_file(path: Path) -> FixedKeys:
    """The keys in a file: PEM, one JWK, or a JWK set. Raises ValueError that says what is wrong, and OSError."""
    content = path.read_bytes()
    if content.lstrip().startswith(b"{"):
        document = json.loads(content)
        return FixedKeys(parse_key_set(document if "keys" in document else {"keys": [document]}))
    return FixedKeys([parse_pem(content)])


def parse_pem(content: bytes) -> Key:
    """A key in PEM. Raises ValueError."""
    for key_class in ASYMMETRIC.values():
        try:
            return key_class.import_key(content)
        except (JoseError, ValueError):
            continue
    raise ValueError("holds no RSA, EC or Ed25519 key in PEM")


def parse_key_set(document: Any) -> list[Key]:
    """The signing keys of a JWK set; keys of other kinds and uses are passed over. Raises ValueError."""
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("is no JWK set")
    found = [key for entry in document["keys"] if (key := _parse_jwk(entry)) is not None]
    if not found:
        raise ValueError("holds no key that signs with RS256, ES256 or EdDSA")
    return found


def choose(keys: list[Key], kid: str | None, algorithm: str) -> Key:
    """The key a token names; without a name, the only one that fits its algorithm. Raises InvalidKeyIdError."""
    key_type = KEY_TYPES.get(algorithm)
    fitting = [key for key in keys if key.key_type == key_type and key.get("alg") in (None, algorithm)]
    named = [key for key in fitting if key.kid == kid] if kid is not None else []
    if len(fitting) == 1 and (kid is None or fitting[0].kid is None):
        return fitting[0]
    if not named:
        raise InvalidKeyIdError
    return named[0]


def _parse_jwk(entry: Any) -> Key | None:
    key_class = ASYMMETRIC.get(str(entry.get("kty"))) if isinstance(entry, dict) else None
    if key_class is None or entry.get("use", "sig") != "sig":
        return None
    try:
        return key_class.import_key(entry)
    except (JoseError, ValueError, TypeError):
        return None


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(16_384):
        content += chunk
        if len(content) > MAX_BYTES:
            raise ValueError("the key set is too large")
    return bytes(content)


def _is_older(at: float | None, now: float, seconds: float) -> bool:
    return at is None or now - at >= seconds
