"""Services need no privileges, and should have none."""

from __future__ import annotations

import os

from shared.log import get_logger
from shared.settings import Settings

log = get_logger(__name__)


def warn_if_root(settings: Settings) -> None:
    """A warning, not a refusal: in a container root may be nobody outside, and a payday must not wait for a set-up."""
    if settings.production and os.geteuid() == 0:
        log.warning("runs as root", mend="give the service a user of its own, as deploy/systemd/ does")
