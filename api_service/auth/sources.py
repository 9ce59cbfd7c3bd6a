"""Which issuer, audience and keys the settings mean."""

from __future__ import annotations

from pathlib import Path

from api_service.auth.development import AUDIENCE, ISSUER, development_keys
from api_service.auth.keys import IssuerKeys, Keys, read_key_file
from api_service.auth.tokens import TokenVerifier
from shared.settings import Settings, SettingsError


def token_verifier(settings: Settings) -> TokenVerifier:
    """What checks the tokens of this deployment. Raises SettingsError when its keys cannot be read."""
    oidc = settings.oidc
    return TokenVerifier(_keys(settings), oidc.issuer or ISSUER, oidc.audience or AUDIENCE)


def _keys(settings: Settings) -> Keys:
    oidc = settings.oidc
    if oidc.public_key_file is not None:
        return _key_file(oidc.public_key_file)
    if oidc.jwks_url is not None:
        return IssuerKeys(oidc.jwks_url)
    if settings.production:
        raise SettingsError(["OIDC_JWKS_URL or OIDC_PUBLIC_KEY_FILE: must be set when APP_ENV=production"])
    return development_keys()


def _key_file(path: Path) -> Keys:
    try:
        return read_key_file(path)
    except (OSError, ValueError) as error:
        raise SettingsError([f"OIDC_PUBLIC_KEY_FILE: cannot read {path}: {error}"]) from None
