"""What is wrong with the provider as a whole, as far as the calls of one part can tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TroubleKind(StrEnum):
    """DOWN: it refuses everybody, or answers nobody. SETUP: our set-up is wrong. REFUSALS: it refuses payment after
    payment with one code, so what is wrong is what we send."""

    DOWN = "down"
    SETUP = "setup"
    REFUSALS = "refusals"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Trouble with the provider. `reason` names no person; `retry_after_seconds`: how long it asked us to stay away."""

    kind: TroubleKind
    reason: str
    retry_after_seconds: float | None = None
