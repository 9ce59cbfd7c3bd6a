"""A reply on the wire: late, in drops, cut off, or not at all."""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import Transport

from deploy.local.bank.faults import Fault
from deploy.local.bank.messages import Reply

_NOT_HTTP = "HTTP/1.1 2OO nonsense\r\nContent-Length: 0\r\n\r\n"
_LONG_SECONDS = 3600.0
_LOOK_EVERY_SECONDS = 0.25


async def deliver(transport: Transport, reply: Reply, keep_alive: bool) -> None:
    """Settles what the reply waits for, then writes it. A client that left stops only the writing."""
    if reply.settle is not None:
        await asyncio.sleep(reply.settle_seconds)
        reply.settle()
    await asyncio.sleep(reply.delay_seconds)
    if transport.is_closing():
        return
    head, body = reply.response.head(keep_alive=keep_alive), reply.response.framed_body()
    if reply.fault is None:
        transport.write(head + body)
    else:
        await _MANNERS[reply.fault.kind](transport, head, body, reply.fault)
    if not keep_alive and not transport.is_closing():
        transport.close()


async def _drop(transport: Transport, head: bytes, body: bytes, fault: Fault) -> None:
    transport.write((head + body)[: fault.after_bytes])
    if fault.how == "fin":
        transport.close()
        return
    # Closing with a linger of zero sends RST; abort alone sends FIN when nothing is left to read.
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


async def _truncate(transport: Transport, head: bytes, body: bytes, fault: Fault) -> None:
    transport.write(head + body[: int(len(body) * fault.keep)])
    transport.close()


async def _write_raw(transport: Transport, head: bytes, body: bytes, fault: Fault) -> None:
    transport.write((_NOT_HTTP if fault.text is None else fault.text).encode())
    transport.close()


async def _hang(transport: Transport, head: bytes, body: bytes, fault: Fault) -> None:
    """Says nothing until the client has had enough, or for so long."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (_LONG_SECONDS if fault.seconds is None else fault.seconds)
    while (left := deadline - loop.time()) > 0 and not transport.is_closing():
        await asyncio.sleep(min(left, _LOOK_EVERY_SECONDS))
    transport.close()


async def _drip(transport: Transport, head: bytes, body: bytes, fault: Fault) -> None:
    drops = head + body
    if fault.part == "body":
        transport.write(head)
        drops = body
    for byte in drops:
        if transport.is_closing():
            return
        transport.write(bytes((byte,)))
        await asyncio.sleep(fault.interval_seconds)


_MANNERS = {"drop": _drop, "truncated": _truncate, "raw": _write_raw, "hang": _hang, "drip": _drip}
ON_THE_WIRE = frozenset(_MANNERS)
"""The kinds of fault that spoil how a response is written, not what it says."""
