"""What a sandbox receiver is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReceiverOptions:
    """Settings of one receiver. `port` 0 takes a free one; `secrets` are raw bytes, a call is signed by one of them.

    Without `journal` what came is gone with the process.
    """

    secrets: tuple[bytes, ...]
    host: str = "127.0.0.1"
    port: int = 0
    journal: Path | None = None
