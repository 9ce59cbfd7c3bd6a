"""A bare loop of `requests.Session.post`: as many processes and calls in flight as Payday's, and nothing else.

`python -m tests.benchmarks.bare.posts URL COUNT THREADS` is one of the processes: it posts COUNT payments.
"""

from __future__ import annotations

import sys
from collections import deque
from threading import Thread

import requests

from shared.domain.payments import Payment, make
from shared.ids import new_id_texts
from tests.bank import BankProcess
from tests.benchmarks.bare.loops import run_together, when_told

MODULE = "tests.benchmarks.bare.posts"


def measure(payments: int, *, processes: int, concurrency: int) -> float:
    """Payments a second, each a call of its own."""
    each = payments // processes
    with BankProcess() as bank:
        seconds = run_together(MODULE, processes * [(bank.url, str(each), str(concurrency))])
        made = bank.summary()["effectivePayments"]
    assert made == each * processes
    return each * processes / seconds


def _post(url: str, waiting: deque[Payment]) -> None:
    with requests.Session() as session:
        session.trust_env = False  # generous: looking for proxies costs it a fifth
        while waiting:
            try:
                payment = waiting.popleft()
            except IndexError:
                return
            headers = {"Idempotency-Key": payment.key, "Content-Type": "application/json"}
            answer = session.post(f"{url}/payments", data=payment.single_body(), headers=headers, timeout=10)
            assert answer.json()["status"] == "succeeded"


def _loop(url: str, count: int, threads: int) -> None:
    waiting = deque(
        make(event_id, 1, f"payer-{number}", "payee", 2500, "GBP", "")
        for number, event_id in enumerate(new_id_texts(count))
    )
    lanes = [Thread(target=_post, args=(url, waiting)) for _ in range(threads)]
    when_told(lambda: _post_all(lanes))


def _post_all(lanes: list[Thread]) -> None:
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()


if __name__ == "__main__":
    _loop(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
