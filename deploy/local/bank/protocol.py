"""HTTP/1.1 on one connection: requests are answered one after the other, in the order they came."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast
from urllib.parse import parse_qsl, unquote

import httptools

from deploy.local.bank.delivery import deliver
from deploy.local.bank.messages import Reply, Request, Response, json_response

_LARGEST_BODY_BYTES = 16 << 20
_LARGEST_HEAD_BYTES = 64 << 10
_MOST_WAITING_REQUESTS = 64


class Connection(asyncio.Protocol):
    """One client. `answer` is called once for each whole request."""

    def __init__(self, answer: Callable[[Request], Reply], connections: set[Connection]) -> None:
        self._answer = answer
        self._connections = connections
        self._waiting: deque[Request | Response] = deque()
        self._delivery: asyncio.Task[None] | None = None
        self._writable = True
        self._parser = httptools.HttpRequestParser(self)
        self._start()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._waiting.append(json_response(400, {"code": "not_http"}))
        if self._head_bytes > _LARGEST_HEAD_BYTES:
            self._waiting.append(json_response(431, {"code": "headers_too_large"}))
        if len(self._waiting) > _MOST_WAITING_REQUESTS:
            self.transport.pause_reading()
        self._answer_waiting()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._answer_waiting()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        if self._headers.get(b"expect", b"").lower() == b"100-continue" and not self._waiting:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes <= _LARGEST_BODY_BYTES:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._head_bytes <= _LARGEST_HEAD_BYTES:
            self._waiting.append(self._request())
            self._start()

    def _request(self) -> Request:
        path, _, query = self._url.decode("latin-1").partition("?")
        return Request(
            method=self._parser.get_method().decode("latin-1"),
            path=unquote(path),
            query=dict(parse_qsl(query)) if query else {},
            headers=self._headers,
            body=b"".join(self._body) if self._body_bytes <= _LARGEST_BODY_BYTES else None,
            keep_alive=self._parser.should_keep_alive(),
        )

    def _start(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0

    def _answer_waiting(self) -> None:
        while self._waiting and self._delivery is None and self._writable and not self.transport.is_closing():
            request = self._waiting.popleft()
            if isinstance(request, Response):  # it could not be read as HTTP, nor can what follows
                self._write(request, keep_alive=False)
                return
            reply = self._answer(request)
            if reply.at_once:
                self._write(reply.response, keep_alive=request.keep_alive)
            else:
                self._delivery = asyncio.create_task(deliver(self.transport, reply, request.keep_alive))
                self._delivery.add_done_callback(self._delivered)
        if not self._waiting and not self.transport.is_closing():
            self.transport.resume_reading()

    def _write(self, response: Response, *, keep_alive: bool) -> None:
        self.transport.write(response.head(keep_alive=keep_alive) + response.framed_body())
        if not keep_alive:
            self.transport.close()

    def _delivered(self, delivery: asyncio.Task[None]) -> None:
        self._delivery = None
        if delivery.cancelled():  # the bank is stopping
            return
        if failure := delivery.exception():
            self.transport.abort()
            raise failure
        self._answer_waiting()
