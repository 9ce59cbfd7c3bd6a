"""What a call comes back with, before anything is concluded from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.payments import Outcome, OutcomeKind


class Reply(NamedTuple):
    """A whole answer: its status, its headers (looked up in any case) and all of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Failure(NamedTuple):
    """No whole answer. `sent`: whether a byte of the request may have left; `reason`: for the log."""

    sent: bool
    reason: str

    def outcome(self) -> Outcome:
        """Not sent only if provably no byte left; everything after the first byte is ambiguous."""
        return Outcome(OutcomeKind.AMBIGUOUS if self.sent else OutcomeKind.NOT_SENT, code=self.reason)
