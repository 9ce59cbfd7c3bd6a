"""Procrastinate, a job in PostgreSQL for each payment: run with `enqueue COUNT` or `work JOBS_AT_ONCE`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import Any

from procrastinate import App, PsycopgConnector

from tests.benchmarks.peers import work

AT_ONCE = 1000

app = App(connector=PsycopgConnector(conninfo=work.DATABASE_URL))


@app.task(name="pay")
def pay(payment: dict[str, Any]) -> None:
    work.pay(payment)


def enqueue(count: int) -> None:
    jobs: Iterator[dict[str, Any]] = ({"payment": payment} for payment in work.payments(count))
    with app.open():
        app.schema_manager.apply_schema()
        while some := list(itertools.islice(jobs, AT_ONCE)):
            pay.batch_defer(*some)


def run_worker(concurrency: str) -> None:
    app.run_worker(concurrency=int(concurrency))


if __name__ == "__main__":
    if sys.argv[1] == "enqueue":
        enqueue(int(sys.argv[2]))
    else:
        run_worker(sys.argv[2])
