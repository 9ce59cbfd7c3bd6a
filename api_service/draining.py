"""A process that is being stopped says so to its app."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import request

App = Callable[[dict[str, Any], Any], Iterable[bytes]]

DRAINING: Final = "payday.draining"


def draining(app: App) -> App:
    """The app, told with each request that its process takes its last ones."""

    def told(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ[DRAINING] = True
        return app(environ, start_response)

    return told


def is_draining() -> bool:
    """Whether the process that answers this request is being stopped."""
    return DRAINING in request.environ
