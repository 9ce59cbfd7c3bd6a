"""Celery with Redis, a task for each payment: run with `enqueue COUNT` or `work POOL:SIZE`."""

from __future__ import annotations

import sys
from typing import Any

from celery import Celery

from tests.benchmarks.peers import work

app = Celery("peer", broker=work.BROKER_URL)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    # Short tasks: with 1, which is the advice for long ones, each would wait for the broker.
    worker_prefetch_multiplier=16,
    broker_connection_retry_on_startup=True,
)


@app.task(name="pay")  # type: ignore[untyped-decorator]
def pay(payment: dict[str, Any]) -> None:
    work.pay(payment)


def enqueue(count: int) -> None:
    with app.producer_pool.acquire(block=True) as producer:
        for payment in work.payments(count):
            pay.apply_async((payment,), producer=producer)


def run_worker(setting: str) -> None:
    pool, _, size = setting.partition(":")
    quiet = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["worker", "--pool", pool, "--concurrency", size, *quiet])


if __name__ == "__main__":
    if sys.argv[1] == "enqueue":
        enqueue(int(sys.argv[2]))
    else:
        run_worker(sys.argv[2])
