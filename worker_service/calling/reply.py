"""What a call comes back with, before anything is concluded from it."""

from __future__ import annotations

from typing import NamedTuple, Protocol, overload


class Headers(Protocol):
    """An answer's headers: the value of the first of that name, in any case, if there is one."""

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str, /) -> str: ...


class Reply(NamedTuple):
    """A whole answer: its status, its headers and all of its body."""

    status: int
    headers: Headers
    body: bytes


class Failure(NamedTuple):
    """No whole answer. `sent`: whether a byte of the request may have left; `reason`: for the log."""

    sent: bool
    reason: str
