"""The transactions of a payday, each atomic: what the actors call, whoever keeps the rows."""

from __future__ import annotations

from datetime import date
from enum import Enum, auto
from typing import Protocol

from shared.db.attempts import OpenAttempt
from shared.db.parts import Claim
from shared.db.proofs import Proof
from shared.domain.days import BusinessNow
from shared.domain.proving import Reception
from shared.settings import Settings
from worker_service.decisions import Decisions
from worker_service.ending import Ending


class Wish(Enum):
    """What a user or an operator does; `HOLD` and `END_HOLD` of one payer."""

    CANCEL = auto()
    PAUSE = auto()
    RESUME = auto()
    AMOUNT = auto()
    HOLD = auto()
    HOLD_ALL = auto()
    END_HOLD = auto()
    END_HOLD_ALL = auto()
    PAUSE_RUN = auto()
    RESUME_RUN = auto()
    CLOSE_RUN = auto()
    RESOLVE_PAID = auto()
    RESOLVE_FAILED = auto()


Taken = tuple[OpenAttempt, float | None]
"""An attempt that the resolver has taken, and for how long its key may be sent; None: it is only asked about."""


class Transactions(Protocol):
    """What the actors commit. `None` and False mean what they mean in production."""

    def unfinished_plans(self, today: date) -> list[date]: ...
    def plan(self, settings: Settings, day: date, *, past: bool) -> None: ...
    def to_close(self, now: BusinessNow) -> list[date]: ...
    def close(self, settings: Settings, day: date) -> bool: ...
    def publish(self, settings: Settings, now: BusinessNow) -> list[int]: ...
    def count_death(self, settings: Settings, batch_id: int) -> None: ...
    def take(self, settings: Settings, batch_id: int) -> Claim | None: ...
    def next_part(self, settings: Settings, claim: Claim) -> Claim | None: ...
    def settle(self, settings: Settings, claim: Claim, decisions: Decisions, left: Ending) -> int | None: ...
    def prove(self, settings: Settings, proof: Proof) -> Reception: ...
    def take_due(self, settings: Settings) -> Taken | None: ...
    def forbid_resend(self, taken: OpenAttempt) -> None: ...
    def never_paid(self, settings: Settings, taken: OpenAttempt) -> bool: ...
    def wish(self, settings: Settings, wish: Wish, number: int, amount: int) -> None: ...
