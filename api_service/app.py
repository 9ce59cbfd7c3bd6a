"""The Flask app: HTTP in, rows out."""

from __future__ import annotations

from typing import Final

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from api_service.auth.sources import token_verifier
from api_service.event_pages import EventPages
from api_service.json_body import MAX_BODY_BYTES
from api_service.limits import register_limits
from api_service.openapi import document, make_api
from api_service.pagination import Cursors
from api_service.problems import register_problems
from api_service.request_log import register_request_log
from api_service.security_headers import secured
from api_service.service import Service
from api_service.views import (
    event_changes,
    event_outcomes,
    events,
    health,
    holds,
    metrics,
    pauses,
    reconcile_items,
    runs,
    schedule_changes,
    schedules,
    transactions,
)
from api_service.views.docs import docs_blueprint
from shared.cache import Cache
from shared.db.engine import Sessions, reading, telling
from shared.settings import Settings

RESOURCES: Final = (
    schedules,
    schedule_changes,
    pauses,
    events,
    event_changes,
    event_outcomes,
    transactions,
    runs,
    holds,
    reconcile_items,
)
"""In the order of the document."""


class Json(DefaultJSONProvider):
    """Answers in the order and the characters they are written in."""

    sort_keys = False
    ensure_ascii = False


def create_app(settings: Settings, sessions: Sessions) -> Flask:
    """An app that serves these settings from this database. Raises SettingsError for keys it cannot read."""
    app = Flask("api_service", static_folder=None)
    app.url_map.merge_slashes = False  # one address each: `/v1//schedules` is a 404, not a redirect
    # One more than is taken: a body of unknown length is cut off there, and must not pass for a whole one.
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY_BYTES + 1, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.json = Json(app)
    pages = EventPages(Cache(settings.cache_url), sessions, settings.secret_key) if settings.cache_url else None
    changes = telling(sessions, pages.forget) if pages else sessions
    tokens, cursors = token_verifier(settings), Cursors(settings.secret_key)
    service = Service(settings, changes, reading(sessions), tokens, cursors, pages)
    service.attach(app)
    register_request_log(app)
    register_problems(app)
    register_limits(app, settings.limits, settings.cache_url)
    app.wsgi_app = secured(app.wsgi_app)  # type: ignore[method-assign,assignment]
    api = make_api(app)
    for resource in RESOURCES:
        api.register_blueprint(resource.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(docs_blueprint(document(api)))
    return app
