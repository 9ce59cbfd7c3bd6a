"""What a production should not have, and is told of: warnings, because a payday must not wait for a set-up."""

from __future__ import annotations

import os
from typing import Final

from shared.log import get_logger
from shared.settings import Settings

log = get_logger(__name__)

SECRET_LENGTH_MIN: Final = 32
"""128 bits in hexadecimal."""


def warn_of_exposure(settings: Settings) -> None:
    """Services need no privileges, though in a container root may be nobody outside; a short secret can be guessed."""
    if not settings.production:
        return
    if os.geteuid() == 0:
        log.warning("runs as root", mend="give the service a user of its own, as deploy/systemd/ does")
    if len(settings.secret_key) < SECRET_LENGTH_MIN:
        log.warning("SECRET_KEY is short", mend="`openssl rand -hex 32` makes one that nobody guesses")
