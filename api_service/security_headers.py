"""What every answer says to browsers, whatever answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from api_service.draining import App

HEADERS: Final = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer that says nothing else. There is no Access-Control-* among them: pages of other origins read nothing
here."""
HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}
"""A year; of answers that went over TLS, as the proxy says (RFC 6797 forbids it elsewhere)."""


def secured(app: App) -> App:
    """The app, with these headers; they are added to what is sent, where that costs a tenth of what Flask takes."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        wanted = {**HEADERS, **HTTPS_ONLY} if environ["wsgi.url_scheme"] == "https" else HEADERS

        def start(status: str, headers: list[tuple[str, str]], *exception: Any) -> Any:
            said = {name.lower() for name, _ in headers}
            added = [header for header in wanted.items() if header[0].lower() not in said]
            return start_response(status, headers + added, *exception)

        return app(environ, start)

    return answer
