"""What is done with a batch whose holder may have died (rules C4, C8)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

DEATHS_MOST: Final = 2
"""So many holders in a row did not live to settle a batch: then it is split (rule C8)."""
DEATHS_ALONE: Final = 4
"""As many for an event that is alone: a worker that is stopped leaves a death, too, and it must not cost a payment."""


class Takeover(StrEnum):
    """What becomes of the events that an earlier holder claimed and did not settle.

    NOTHING: there was none. SEND_AGAIN: the worker may send their keys again. DOUBT: they are left to the resolver.
    SPLIT: the batch is cut into pieces, and nothing of it is sent now.
    """

    NOTHING = "nothing"
    SEND_AGAIN = "send_again"
    DOUBT = "doubt"
    SPLIT = "split"


def takeover(*, deaths: int, alone: bool, was_claimed: bool, mode: str, provider: str, sent_to: str | None) -> Takeover:
    """What a worker of `provider` does with a batch that it has just taken.

    Only the provider that may have heard of its events, if it honours keys, may hear of them again (rules K4, K7).
    """
    if deaths >= (DEATHS_ALONE if alone else DEATHS_MOST):
        return Takeover.SPLIT
    if not was_claimed:
        return Takeover.NOTHING
    return Takeover.SEND_AGAIN if mode == "key" and sent_to in (None, provider) else Takeover.DOUBT
