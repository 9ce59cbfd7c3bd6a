"""Dramatiq with Redis, a message for each payment: run with `enqueue COUNT` or `work THREADS`."""

from __future__ import annotations

import sys
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.cli import main, make_argument_parser

from tests.benchmarks.peers import work

dramatiq.set_broker(RedisBroker(url=work.BROKER_URL))  # type: ignore[no-untyped-call]


@dramatiq.actor(actor_name="pay")
def pay(payment: dict[str, Any]) -> None:
    work.pay(payment)


def enqueue(count: int) -> None:
    for payment in work.payments(count):
        pay.send(payment)


def run_worker(threads: str) -> None:
    arguments = ["tests.benchmarks.peers.dramatiq", "--processes", "1", "--threads", threads]
    sys.exit(main(make_argument_parser().parse_args(arguments)))  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    if sys.argv[1] == "enqueue":
        enqueue(int(sys.argv[2]))
    else:
        run_worker(sys.argv[2])
