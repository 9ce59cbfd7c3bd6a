"""The client of the API's benchmarks: what it sends, and from when it counts."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.benchmarks.load import DAY, FRESH, Driver, Load

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Slow(BaseHTTPRequestHandler):
    """Takes 50 ms for each answer, and notes what was asked."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.asked.append(self.path)
        time.sleep(0.05)
        self.wfile.write(ANSWER)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Slow)
        self.asked: list[str] = []


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def request(path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"


def test_each_request_is_another_where_something_in_it_is_fresh(server: Server) -> None:
    load = Load(server.server_port, [request(f"/{FRESH}/{DAY}")], seconds=0.2, connections=2)
    with closing(Driver(load)) as driver:
        answers = driver.run()
    assert answers.answered == len(server.asked) == len(set(server.asked)) > 2
    assert len({path.rsplit("/", 1)[1] for path in server.asked}) == len(server.asked)


def test_a_wait_counts_from_when_a_request_was_due_and_none_is_left_out(server: Server) -> None:
    load = Load(server.server_port, [request("/")], seconds=0.4, connections=1, per_second=50)
    with closing(Driver(load)) as driver:
        answers = driver.run()
    assert answers.answered == 20
    # One connection answers 20 a second: the last waits for the 19 before it, although it is sent after them.
    assert answers.p99("GET") > 0.5
    assert min(answers.latencies["GET"]) < 0.2


def test_an_answer_that_was_not_expected_ends_it(server: Server) -> None:
    load = Load(server.server_port, [request("/")], seconds=1, connections=1, expected=("201",))
    with closing(Driver(load)) as driver, pytest.raises(AssertionError, match="200 OK"):
        driver.run()
