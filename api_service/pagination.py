"""Cursors: where the next page begins. Opaque, signed, and good only for the caller, list and filters they are of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from flask import g
from itsdangerous import BadData, URLSafeSerializer

from api_service.auth.caller import Caller
from api_service.problems import Problem

Row = TypeVar("Row")
T = TypeVar("T")

PAGING: Final = ("limit", "cursor")


class Cursors:
    """Writes and reads the cursors of this request's caller.

    `query` is the whole loaded query; its limit may differ from page to page.
    """

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key

    def write(self, name: str, query: dict[str, Any], position: Sequence[object]) -> str:
        """The cursor after the row at `position`."""
        return str(self._serializer(name, query).dumps([str(part) for part in position]))

    def read(self, name: str, query: dict[str, Any], parse: Callable[..., T]) -> T | None:
        """The position of the query's cursor, by `parse(*texts)`; None: the first page. Raises Problem 400."""
        cursor = query["cursor"]
        if cursor is None:
            return None
        serializer = self._serializer(name, query)
        try:
            position = serializer.loads(cursor)
            if serializer.dumps(position) != cursor:
                raise BadData("written otherwise")  # base64 has several ways to write one signature
            return parse(*position)
        except (BadData, TypeError, ValueError):
            raise Problem(
                400, "bad_cursor", "The cursor is not one of yours for this list and these filters; begin without it."
            ) from None

    def page(
        self, name: str, query: dict[str, Any], rows: Sequence[Row], position: Callable[[Row], Sequence[object]]
    ) -> tuple[Sequence[Row], str | None]:
        """The rows of this page and the cursor of the next, from one row more than the limit."""
        limit = query["limit"]
        if len(rows) <= limit:
            return rows, None
        return rows[:limit], self.write(name, query, position(rows[limit - 1]))

    def _serializer(self, name: str, query: dict[str, Any]) -> URLSafeSerializer:
        filters = {key: value for key, value in query.items() if key not in PAGING}
        caller: Caller = g.caller
        salt = json.dumps([name, caller.sub, filters], default=str, sort_keys=True)
        return URLSafeSerializer(self._secret_key, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})
