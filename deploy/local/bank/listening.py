"""The bank's port: held from start to end, listened on while the bank is up."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from deploy.local.bank.messages import Reply, Request
from deploy.local.bank.protocol import Connection

_BACKLOG = 1024


class Door:
    """Lets clients in to be answered by `answer`. `url` is valid also while nobody listens."""

    answer: Callable[[Request], Reply]

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        # Bound but never listening: while the bank is down, nobody else is given its port.
        self._holder = _bound(host, port)
        self._port: int = self._holder.getsockname()[1]
        self.url = f"http://{host}:{self._port}"

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self.answer, self._connections),
            sock=_bound(self._host, self._port),
            backlog=_BACKLOG,
        )

    async def close(self) -> None:
        """Stops listening and cuts every connection; what comes now is refused by the system."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.transport.abort()
        if self._server is not None:
            await self._server.wait_closed()


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
