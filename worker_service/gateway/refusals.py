"""Payments refused one after the other with one code: what is wrong then is not the payments, but all we send."""

from __future__ import annotations

import threading
from typing import Final

IN_A_ROW_MAX: Final = 50
"""So many single refusals in a row with one code pause the run (the provider's contract)."""


class Refusals:
    """Counts them over all parts of a process; shared by its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._code: str | None = None
        self._in_a_row = 0

    def heard(self, code: str | None) -> bool:
        """A single call was refused with `code`, or (None) proved something else; whether that makes it too many.

        Then the count begins anew.
        """
        if code is None and self._code is None:
            return False
        with self._lock:
            self._in_a_row = self._in_a_row + 1 if code == self._code else 1
            self._code = code
            if code is None or self._in_a_row < IN_A_ROW_MAX:
                return False
            self._code, self._in_a_row = None, 0
            return True
