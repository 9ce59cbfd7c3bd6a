"""The app for a WSGI server: `gunicorn -c deploy/gunicorn.conf.py api_service.wsgi:app`."""

from __future__ import annotations

import os

from flask import Flask

from api_service.app import create_app
from api_service.start import CONNECTIONS, database_or_exit, refuse, settings_or_exit
from shared.db.engine import make_engine, make_sessions
from shared.holiday_library import is_calendar
from shared.log import configure_logging
from shared.settings import SettingsError


def build() -> Flask:
    """The app of this process's environment; exits where that is wrong or the database cannot be reached."""
    settings = settings_or_exit()
    configure_logging(settings.log_format, settings.log_level)
    database_or_exit(settings)
    # Reads the library of holidays before gunicorn forks: else the first new schedule of each process waits for that.
    is_calendar(settings.holiday_calendar)
    engine = make_engine(settings.database_url, pool_size=CONNECTIONS)
    # A connection that two processes share mixes up their answers; each child begins with none.
    os.register_at_fork(after_in_child=lambda: engine.dispose(close=False))
    try:
        return create_app(settings, make_sessions(engine, notices=settings.notify is not None))
    except SettingsError as error:
        refuse(error.problems)


app = build()
