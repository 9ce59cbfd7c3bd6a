"""The model as one object: each method is one transaction."""

from __future__ import annotations

from datetime import date

from shared.db.attempts import OpenAttempt
from shared.db.parts import Claim
from shared.db.proofs import Proof
from shared.domain.days import BusinessNow
from shared.domain.proving import Reception
from shared.settings import Settings
from tests.simulation.model import claiming, days, proving, settling, wishes
from tests.simulation.model.guards import ALL, Guards
from tests.simulation.model.moving import Watched
from tests.simulation.transactions import Taken, Wish
from worker_service.decisions import Decisions
from worker_service.ending import Ending
from worker_service.resolving import pays_again


class Model:
    """The transactions, on rows in plain Python."""

    def __init__(self, rows: Watched, guards: Guards = ALL) -> None:
        self.rows = rows
        self.guards = guards

    def unfinished_plans(self, today: date) -> list[date]:
        return days.unfinished_plans(self.rows, today)

    def plan(self, settings: Settings, day: date, *, past: bool) -> None:
        days.plan(self.rows, settings, day, past=past)

    def to_close(self, now: BusinessNow) -> list[date]:
        return days.to_close(self.rows, now)

    def close(self, settings: Settings, day: date) -> bool:
        return days.close(self.rows, self.guards, settings, day)

    def publish(self, settings: Settings, now: BusinessNow) -> list[int]:
        return days.publish(self.rows, settings, now)

    def count_death(self, _settings: Settings, batch_id: int) -> None:
        claiming.count_death(self.rows, batch_id)

    def take(self, settings: Settings, batch_id: int) -> Claim | None:
        return claiming.take(self.rows, self.guards, settings, batch_id)

    def next_part(self, settings: Settings, claim: Claim) -> Claim | None:
        return claiming.next_part(self.rows, settings, claim)

    def settle(self, settings: Settings, claim: Claim, decisions: Decisions, left: Ending) -> int | None:
        return settling.settle(self.rows, self.guards, settings, claim, decisions, left)

    def prove(self, settings: Settings, proof: Proof) -> Reception:
        return proving.prove(self.rows, settings, proof)

    def take_due(self, settings: Settings) -> Taken | None:
        return proving.take_due(self.rows, settings)

    def forbid_resend(self, taken: OpenAttempt) -> None:
        proving.forbid_resend(self.rows, taken)

    def never_paid(self, settings: Settings, taken: OpenAttempt) -> bool:
        return proving.never_paid(self.rows, self.guards, taken, again=pays_again(settings.provider))

    def wish(self, settings: Settings, wish: Wish, number: int, amount: int) -> None:
        rows = self.rows
        payer = rows.events[number].payer_id
        match wish:
            case Wish.CANCEL:
                wishes.cancel(rows, number)
            case Wish.PAUSE:
                wishes.pause(rows, number)
            case Wish.RESUME:
                wishes.resume(rows, number)
            case Wish.AMOUNT:
                wishes.change_amount(rows, number, amount)
            case Wish.HOLD:
                wishes.hold(rows, payer)
            case Wish.HOLD_ALL:
                wishes.hold(rows, None)
            case Wish.END_HOLD:
                wishes.end_hold(rows, payer)
            case Wish.END_HOLD_ALL:
                wishes.end_hold(rows, None)
            case Wish.PAUSE_RUN:
                wishes.pause_run(rows)
            case Wish.RESUME_RUN:
                wishes.resume_run(rows)
            case Wish.CLOSE_RUN:
                wishes.close_run(rows)
            case Wish.RESOLVE_PAID:
                proving.resolve(rows, number, "seen by a person")
            case Wish.RESOLVE_FAILED:
                proving.resolve(rows, number, None)
