"""What was looked at before the start, or by `payday doctor`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `detail` says what was found, and the mend when it is bad.

    `warning`: it is well as far as can be seen, and somebody should see to what cannot.
    """

    name: str
    ok: bool
    detail: str
    warning: bool = False


def problems(checks: Iterable[Check]) -> list[str]:
    """What is bad."""
    return [check.detail for check in checks if not check.ok]


def refuse(reasons: list[str]) -> int:
    """Prints why nothing starts, on standard error; answers the exit status for it."""
    print("payday cannot start:", file=sys.stderr)
    for problem in reasons:
        print(f"  {problem}", file=sys.stderr)
    return 2
