"""How many payments one core of the sandbox bank takes: `python -m tests.benchmarks.bank_speed`.

Counts the CPU time of the bank's own process, so that the client, which costs as much, is left out. The bank
is to take 3,000 single payments a second and 50,000 in batches of 250, with its journal on.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from uuid import UUID, uuid5

import psutil  # type: ignore[import-untyped]

from tests.bank import BankProcess

_SECONDS = 4.0
_BATCH = 250
_SINGLES_A_SECOND = 3_000
_BATCHED_A_SECOND = 50_000
_RUN = UUID(int=time.time_ns())


def main() -> int:
    """Prints both figures; 1 when one of them is not reached."""
    single = _measured("single", 1, _singles())
    batched = _measured(f"batches of {_BATCH}", _BATCH, _batches())
    return int(single < _SINGLES_A_SECOND or batched < _BATCHED_A_SECOND)


def _measured(name: str, payments_a_call: int, calls: Iterator[bytes]) -> float:
    with BankProcess() as bank, socket.create_connection(("127.0.0.1", bank.port)) as line:
        process = psutil.Process(bank.pid)
        _call(line, next(calls))
        cpu_before, start, payments = _cpu(process), time.monotonic(), 0
        while time.monotonic() - start < _SECONDS:
            _call(line, next(calls))
            payments += payments_a_call
        wall_seconds, cpu_seconds = time.monotonic() - start, _cpu(process) - cpu_before
        assert bank.summary()["effectivePayments"] == payments + payments_a_call
    a_core = payments / cpu_seconds
    print(
        f"{name}: {a_core:,.0f} payments/s on one core of the bank"
        f" ({cpu_seconds / payments * 1e6:.1f} µs each; {payments / wall_seconds:,.0f}/s on the wall,"
        f" one connection, client included)"
    )
    return a_core


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _call(line: socket.socket, request: bytes) -> None:
    line.sendall(request)
    answer = line.recv(1 << 20)
    head, _, body = answer.partition(b"\r\n\r\n")
    missing = int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0]) - len(body)
    while missing > 0:
        missing -= len(line.recv(1 << 20))
    assert head.startswith(b"HTTP/1.1 20"), head


def _singles() -> Iterator[bytes]:
    number = 0
    while True:
        key, fields = _payment(number)
        number += 1
        body = b"{%s}" % fields
        yield _request(b"/payments", body, b"Idempotency-Key: %s\r\n" % key)


def _batches() -> Iterator[bytes]:
    number = 0
    while True:
        entries = []
        for _ in range(_BATCH):
            entries.append(b'{"idempotencyKey":"%s",%s}' % _payment(number))
            number += 1
        yield _request(b"/payments/batch", b'{"payments":[%s]}' % b",".join(entries))


def _payment(number: int) -> tuple[bytes, bytes]:
    fields = b'"payerId":"payer-%06d","payeeId":"payee-%06d","amount":"25.00","currency":"GBP","reference":"Rent %d"'
    return str(uuid5(_RUN, str(number))).encode(), fields % (number % 1000, number % 777, number)


def _request(path: bytes, body: bytes, headers: bytes = b"") -> bytes:
    head = b"POST %s HTTP/1.1\r\nHost: bank\r\nAuthorization: Bearer sandbox\r\nUser-Agent: speed\r\n" % path
    head += b"Accept: */*\r\nContent-Type: application/json\r\n"
    return head + headers + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


if __name__ == "__main__":
    sys.exit(main())
