"""What a sandbox bank is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Mode(StrEnum):
    """What the bank does with a key: honours it, can be asked by it, or neither."""

    KEY = "key"
    ENQUIRY = "enquiry"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class BankOptions:
    """Settings of one bank.

    `port` 0 takes a free one. `token` empty: callers need none. `key_window_seconds` counts from when a key
    was paid or declined; `record_seconds` (default: the same) is how long it can be asked about.
    `processing_seconds` lie between a send and its payment. Without `journal` it is gone with the process.
    `faults` is a list of fault objects; `declines` gives payers the code they are declined with.
    """

    host: str = "127.0.0.1"
    port: int = 0
    mode: Mode = Mode.KEY
    token: str = ""
    key_window_seconds: float = 86_400
    record_seconds: float | None = None
    processing_seconds: float = 0
    latency_ms: float = 0
    journal: Path | None = None
    fsync: bool = False
    seed: int = 1
    max_batch: int = 10_000
    faults: tuple[object, ...] = ()
    declines: dict[str, str] = field(default_factory=dict)
