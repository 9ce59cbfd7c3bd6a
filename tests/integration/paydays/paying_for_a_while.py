"""A process of its own that pays as fast as it may: `python -m … WORKER SECONDS` prints how many calls it began."""

from __future__ import annotations

import sys
import time

from shared.domain.payments import Payment, make
from shared.settings import read_settings
from worker_service.service import Service


def numbered(worker: int, number: int) -> Payment:
    """A payment that no other worker makes, each of other parties."""
    event_id = f"018f0000-0000-7000-8{worker:03d}-{number:012d}"
    return make(event_id, 1, f"payer-{number}", f"payee-{number}", 2500, "GBP", "rent")


def main(worker: int, seconds: float) -> None:
    service = Service.connect(read_settings())
    payments = [numbered(worker, number) for number in range(2000)]
    results = service.gateway.make_payments(payments, last_start=time.monotonic() + seconds)
    service.close()
    print(len(results.outcomes))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
