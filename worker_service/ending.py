"""How a part's settlement leaves its batch. Pure: what was decided of the part in, what follows out."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.db.parts import Claim
from shared.settings import Settings
from worker_service.decisions import Decisions


@dataclass(frozen=True, slots=True)
class Ending:
    """How a part's settlement leaves the batch: paid on, done, or waiting so many seconds, also because of a hold.

    `gives_way`: what is left of it is a slow party's, and comes after everything else.
    """

    more: bool = False
    wait_seconds: float | None = None
    held: bool = False
    gives_way: bool = False


def ending(settings: Settings, claim: Claim, decisions: Decisions, *, room: bool) -> Ending:
    """What follows: the next part, unless something came back or time is up; what a hold keeps waits for its end.

    `room`: whether another part may still be begun.
    """
    if decisions.held:
        return Ending(wait_seconds=settings.lease_seconds, held=True)
    left = left_by(claim, decisions)
    if settings.provider.part_size is not None and claim.fresh and room:
        return Ending(more=True)  # what came back lies behind it, and costs the others nothing
    if left.wait_seconds is not None:
        return Ending(wait_seconds=left.wait_seconds, held=claim.held, gives_way=left.slow)
    if settings.provider.part_size is not None and claim.fresh:
        return Ending(wait_seconds=0.0, held=claim.held)
    return Ending(wait_seconds=settings.lease_seconds, held=True) if claim.held else Ending()


def left_by(claim: Claim, decisions: Decisions) -> Claim:
    """The claim, with what its batch has to wait for after this part."""
    if not decisions.leftover:
        return claim
    seconds = max(claim.wait_seconds or 0.0, decisions.wait_seconds)
    return replace(claim, wait_seconds=seconds, slow=claim.slow or decisions.slow)
