"""How the receiver fails, and for how many calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_FIELDS: Final = ("status", "retryAfter", "delaySeconds", "drop", "times")
_DROPS: Final = ("before", "after")


class FaultRefused(Exception):
    """The fault makes no sense; the message says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One manner of failing; `times` None: until it is healed."""

    status: int | None = None
    retry_after: str | None = None
    delay_seconds: float = 0.0
    drop: str | None = None
    times: int | None = None

    @property
    def keeps(self) -> bool:
        """Whether notices are kept all the same."""
        return self.status is None and self.drop != "before"


def read_fault(given: object) -> Fault:
    """The fault that a JSON object describes. Raises FaultRefused."""
    if not isinstance(given, dict) or not given.keys() <= set(_FIELDS):
        raise FaultRefused(f"a fault is an object of {', '.join(_FIELDS)}")
    status, times, drop = (given.get(name) for name in ("status", "times", "drop"))
    if status is not None and not (type(status) is int and 400 <= status <= 599):
        raise FaultRefused("status: 400 to 599")
    if times is not None and not (type(times) is int and times > 0):
        raise FaultRefused("times: a number from 1")
    if drop is not None and drop not in _DROPS:
        raise FaultRefused(f"drop: {' or '.join(_DROPS)}")
    delay = given.get("delaySeconds", 0.0)
    if type(delay) not in (int, float) or not 0 <= delay < float("inf"):
        raise FaultRefused("delaySeconds: seconds")
    retry_after = given.get("retryAfter")
    return Fault(status, None if retry_after is None else str(retry_after), delay, drop, times)


class FaultInForce:
    """The fault that calls meet now, if any."""

    def __init__(self) -> None:
        self._fault: Fault | None = None
        self._left: int | None = None

    def begin(self, fault: Fault) -> None:
        self._fault, self._left = fault, fault.times

    def heal(self) -> None:
        self._fault = None

    def met(self) -> Fault | None:
        """The fault that this call meets; the last of its `times` heals it."""
        fault = self._fault
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._fault, self._left = None, None
        return fault
