"""A light client: raw sockets and one loop in a process of its own, so that two cores measure the server.

`python -m tests.benchmarks.load` reads one `Load` as JSON from a file and prints its `Answers` as JSON.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

ROOT = Path(__file__).parents[2]
FRESH = "{fresh}"
"""In a request: replaced by 32 characters that no other request has."""
DAY = "{day}"
"""In a request: replaced by a date that no other request of this load has, until there are 200,000."""
LINE_SECONDS = 0.5
"""How long a connection is kept. Which process takes one is chance, and one that is busy is slower to take another:
kept for the whole load, most would lie with one process, and the other's core would idle."""
FIRST_DAY = date(2050, 1, 1).toordinal()
DAYS = 200_000


@dataclass(frozen=True)
class Load:
    """Requests that are sent in turn, for `seconds`, over kept connections.

    `per_second` None: each connection sends its next request when it has its answer. Otherwise requests are due at
    fixed times, whether or not the earlier ones are answered.
    """

    port: int
    requests: Sequence[str]
    seconds: float
    connections: int
    per_second: float | None = None
    expected: tuple[str, ...] = ("200", "201")


@dataclass
class Answers:
    """`latencies` in seconds by method, from when a request was due to its last byte."""

    answered: int = 0
    seconds: float = 0.0
    latencies: dict[str, list[float]] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    def p99(self, method: str) -> float:
        """In seconds. Raises IndexError when there was none."""
        ordered = sorted(self.latencies[method])
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]


def apply(load: Load) -> Answers:
    """Runs a load in a process of its own. Raises CalledProcessError when an answer was not as expected."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as given:
        json.dump(asdict(load), given)
        given.flush()
        command = [sys.executable, "-m", "tests.benchmarks.load", given.name]
        found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=load.seconds + 60)
    return Answers(**json.loads(found.stdout))


class Line:
    """One connection, and what it waits for."""

    def __init__(self, port: int, seconds: float = LINE_SECONDS) -> None:
        self.ends_at = time.perf_counter() + seconds
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.due_at = 0.0
        self.method = ""

    def ask(self, request: bytes, due_at: float) -> None:
        self.received, self.due_at, self.method = b"", due_at, request[:4].decode().strip()
        self.socket.sendall(request)

    def answer(self) -> str | None:
        """The status of an answer that is there as a whole. Raises ConnectionError when the server hung up."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise ConnectionError(f"hung up after {self.received[:200]!r}")
        self.received += chunk
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return None
        return self.received[9:12].decode()


class Driver:
    """Sends a load and notes the answers."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._requests = _forever(load.requests)
        self._selector = selectors.DefaultSelector()
        self._idle = deque(self._line(LINE_SECONDS * n / load.connections) for n in range(load.connections))
        self._answers = Answers()
        self._busy = 0

    def run(self) -> Answers:
        """All that was asked in time is waited for."""
        started = time.perf_counter()
        end = started + self._load.seconds
        times = _times(started, self._load.per_second)
        next_at = next(times)
        while self._busy or next_at < end:
            while self._idle and next_at <= time.perf_counter() and next_at < end:
                self._ask(next_at)
                next_at = next(times)
            self._take(max(0.0, next_at - time.perf_counter()) if self._idle and next_at < end else 1.0)
        self._answers.seconds = time.perf_counter() - started
        return self._answers

    def close(self) -> None:
        """Hangs up."""
        for key in list(self._selector.get_map().values()):
            key.data.socket.close()
        self._selector.close()

    def _line(self, seconds: float = LINE_SECONDS) -> Line:
        line = Line(self._load.port, seconds)
        self._selector.register(line.socket, selectors.EVENT_READ, line)
        return line

    def _ask(self, due_at: float) -> None:
        self._busy += 1
        line = self._idle.popleft()
        if line.ends_at <= time.perf_counter():
            self._selector.unregister(line.socket)
            line.socket.close()
            line = self._line()
        line.ask(next(self._requests), due_at)

    def _take(self, wait_seconds: float) -> None:
        for key, _ in self._selector.select(wait_seconds):
            line: Line = key.data
            status = line.answer()
            if status is None:
                continue
            if status not in self._load.expected:
                raise AssertionError(line.received[:2000])
            self._busy -= 1
            self._idle.append(line)
            self._answers.answered += 1
            if self._load.per_second:
                taken = time.perf_counter() - line.due_at
                self._answers.latencies.setdefault(line.method, []).append(taken)


def _times(started: float, per_second: float | None) -> Iterator[float]:
    """When requests are due; without a rate, at once."""
    number = 0
    while True:
        yield started + number / per_second if per_second else time.perf_counter()
        number += 1


def _forever(requests: Sequence[str]) -> Iterator[bytes]:
    """The requests in turn, each with what is fresh in it."""
    of_this_load, number = uuid4().hex[:20], 0
    while True:
        for request in requests:
            number += 1
            day = date.fromordinal(FIRST_DAY + number % DAYS).isoformat()
            yield request.replace(FRESH, f"{of_this_load}{number:012d}").replace(DAY, day).encode()


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"content-length:")
    return int(after.partition(b"\r\n")[0])


if __name__ == "__main__":
    print(json.dumps(asdict(Driver(Load(**json.loads(Path(sys.argv[1]).read_text()))).run())))
