"""/openapi.json and /docs: the document, and a page that shows it without anything from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, json

FOLDER: Final = Path(__file__).parent.parent / "web"
MEDIA_TYPES: Final = {"docs.html": "text/html", "docs.css": "text/css", "docs.js": "text/javascript"}
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def docs_blueprint(document: dict[str, Any]) -> Blueprint:
    """The routes that serve this document."""
    blueprint = Blueprint("docs", __name__)
    text = json.dumps(document)
    files = {name: (FOLDER / name).read_bytes() for name in MEDIA_TYPES}

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return Response(text, mimetype="application/json")

    @blueprint.get("/docs", defaults={"name": "docs.html"})
    @blueprint.get("/docs/<any('docs.css', 'docs.js'):name>")
    def page(name: str) -> Response:
        return Response(files[name], headers={"Content-Security-Policy": PAGE_POLICY}, mimetype=MEDIA_TYPES[name])

    return blueprint
