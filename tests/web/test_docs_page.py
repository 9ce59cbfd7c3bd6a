"""/docs in a real browser: everything of the document is shown, nothing is asked of anybody else."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from api_service.app import create_app
from deploy.cli.openapi import NO_DATABASE
from deploy.openapi.copies import CURRENT, read
from shared.db.engine import make_engine, make_sessions
from shared.settings import read_settings
from tests.contract.document import operations
from tests.web.browser import visit

pytestmark = pytest.mark.all

Page = Callable[[Any], str]
FOREIGN: Final = b'<script>document.title = "inline"</script><img src="http://elsewhere.invalid/x.png"></body>'


def serve(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def app() -> Any:
    settings = read_settings(NO_DATABASE)
    return create_app(settings, make_sessions(make_engine(settings.database_url, pool_size=1)))


@pytest.fixture
def address(app: Any) -> Iterator[str]:
    yield from serve(app)


@pytest.fixture
def address_with_foreign_parts(app: Any) -> Iterator[str]:
    """The same page, with a script in it and a picture from elsewhere."""

    @Request.application
    def changed(request: Request) -> Response:
        response = Response.from_app(app, request.environ)
        if request.path == "/docs":
            response.set_data(response.get_data().replace(b"</body>", FOREIGN))
        return response

    yield from serve(changed)


def test_every_operation_is_shown_with_its_examples_and_nothing_is_asked_of_others(
    address: str, tmp_path: Path
) -> None:
    seen = visit(f"{address}/docs", tmp_path)
    assert seen.console == []
    assert seen.hosts == {address.removeprefix("http://")}
    document = read(CURRENT)
    shown = re.findall(r'<article id="([\w-]+)">', seen.page)
    assert {name for name in shown if not name.startswith("schema")} == {said.name for said in operations(document)}
    articles = dict(zip(shown, seen.page.split("<article ")[1:], strict=True))
    for operation in operations(document):
        assert "Example of an answer" in articles[operation.name], operation.name
        assert ("Example of a body" in articles[operation.name]) == ("requestBody" in operation.said)
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in seen.page


def test_what_is_from_elsewhere_or_inline_is_seen_and_stopped(address_with_foreign_parts: str, tmp_path: Path) -> None:
    seen = visit(f"{address_with_foreign_parts}/docs", tmp_path)
    assert "<title>Payday API</title>" in seen.page
    assert len([line for line in seen.console if "Content Security Policy" in line]) == 2
    assert seen.hosts == {address_with_foreign_parts.removeprefix("http://")}
