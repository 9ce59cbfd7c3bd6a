"""What a run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass

MODES = ("key", "enquiry", "none")
REDIS, RABBITMQ = BROKERS = ("redis", "rabbitmq")


@dataclass(frozen=True, slots=True)
class Options:
    """`seconds` of faults, drawn with `seed`; `only`: of all faults those whose name has one of these words.

    `batch_size`: PROVIDER_BATCH_SIZE. `max_rps`: PROVIDER_MAX_RPS; 0: no limit. `keep`: the folder stays also after a
    run that went well.
    """

    seconds: float
    seed: int
    mode: str = "key"
    broker: str = REDIS
    only: tuple[str, ...] = ()
    batch_size: int = 1
    max_rps: int = 0
    keep: bool = False
