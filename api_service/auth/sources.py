"""Which issuer, audience and keys the settings mean."""

from __future__ import annotations

from pathlib import Path

from api_service.auth.development import AUDIENCE, ISSUER, development_keys, refused_in_production
from api_service.auth.issuer_keys import IssuerKeys
from api_service.auth.key_documents import NONE_REFUSED, SigningKey, read_key_file
from api_service.auth.keys import FixedKeys, Keys
from api_service.auth.tokens import TokenVerifier
from shared.settings import Settings, SettingsError


def token_verifier(settings: Settings) -> TokenVerifier:
    """What checks the tokens of this deployment. Raises SettingsError when its keys cannot be read."""
    oidc = settings.oidc
    if settings.production and oidc.issuer == ISSUER:
        raise SettingsError(["OIDC_ISSUER: is the development issuer, which is refused when APP_ENV=production"])
    return TokenVerifier(_keys(settings), oidc.issuer or ISSUER, oidc.audience or AUDIENCE)


def _keys(settings: Settings) -> Keys:
    oidc = settings.oidc
    refused = refused_in_production() if settings.production else NONE_REFUSED
    if oidc.public_key_file is not None:
        return FixedKeys(_key_file(oidc.public_key_file, refused))
    if oidc.jwks_url is not None:
        return IssuerKeys(oidc.jwks_url, refused=refused)
    if settings.production:
        raise SettingsError(["OIDC_JWKS_URL or OIDC_PUBLIC_KEY_FILE: must be set when APP_ENV=production"])
    return development_keys()


def _key_file(path: Path, refused: frozenset[bytes]) -> list[SigningKey]:
    try:
        return read_key_file(path, refused=refused)
    except (OSError, ValueError) as error:
        raise SettingsError([f"OIDC_PUBLIC_KEY_FILE: cannot use {path}: {error}"]) from None
