"""How a command says that it cannot do what it was asked."""

from __future__ import annotations

CANNOT_START = 2
"""Exit status when settings or servers are missing; nothing was done."""


class Refusal(Exception):
    """Ends a command: its message goes to standard error, `exit_status` to the caller, and no traceback."""

    def __init__(self, message: str, exit_status: int = 1) -> None:
        super().__init__(message)
        self.exit_status = exit_status
