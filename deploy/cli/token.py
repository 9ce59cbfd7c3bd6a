"""`payday token`: one development token, for trying things out."""

from __future__ import annotations

import argparse
import os

from deploy.cli.refusal import CANNOT_START, Refusal
from shared.settings_values import Reader

SCOPES = ("schedules:read", "schedules:write")
LIFETIME_SECONDS = 8 * 3600


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `token`."""
    parser = subparsers.add_parser(
        "token",
        help="print a development token",
        description="Prints one development token alone on one line. Its key is public: production refuses it.",
    )
    parser.add_argument("--sub", required=True, metavar="ID", help="the payer that the token speaks for")
    parser.add_argument(
        "--scope",
        action="append",
        metavar="SCOPE",
        help=f"what it may do; may be repeated, or several in one word (default: {' '.join(SCOPES)})",
    )
    parser.add_argument(
        "--lifetime", type=int, default=LIFETIME_SECONDS, metavar="SECONDS", help="how long it is good (%(default)s)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the token; 2 in production, and for an id that no payer can have."""
    # Before the settings: in production they may be incomplete here, and this is the reason that counts.
    if (Reader(os.environ).raw("APP_ENV") or "").strip() == "production":
        raise Refusal("APP_ENV=production: development tokens are not accepted there", CANNOT_START)
    from api_service.auth.development import AUDIENCE, ISSUER, make_token
    from shared.settings import read_settings

    settings = read_settings()
    scopes = " ".join(arguments.scope or SCOPES).split()
    oidc = settings.oidc
    try:
        token = make_token(
            arguments.sub,
            scopes,
            arguments.lifetime,
            issuer=oidc.issuer or ISSUER,
            audience=oidc.audience or AUDIENCE,
        )
    except ValueError as error:
        raise Refusal(f"--sub: {error}", CANNOT_START) from None
    print(token)
    return 0
