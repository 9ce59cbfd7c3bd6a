"""What every view is given: settings, sessions, and what reads tokens and cursors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Flask, current_app

from api_service.auth.tokens import TokenVerifier
from api_service.event_pages import EventPages
from api_service.pagination import Cursors
from shared.db.engine import Sessions
from shared.settings import Settings

NAME: Final = "payday"


@dataclass(frozen=True, slots=True)
class Service:
    """One app's parts; several apps can live in one process. `readings`: for what is one SELECT."""

    settings: Settings
    sessions: Sessions
    readings: Sessions
    tokens: TokenVerifier
    cursors: Cursors
    event_pages: EventPages | None

    def attach(self, app: Flask) -> None:
        """Makes this the service of the app's requests."""
        app.extensions[NAME] = self


def current_service() -> Service:
    """The service of the app that answers this request."""
    service: Service = current_app.extensions[NAME]
    return service
