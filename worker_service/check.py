"""What was looked at before the start, or by `payday doctor`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

NOT_THERE: Final = 1
"""The exit status where a server did not answer: whoever starts it again may find it there."""
WRONG: Final = 2
"""What stays as it is until somebody mends it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `detail` says what was found, and the mend when it is bad.

    `warning`: it is well as far as can be seen, and somebody should see to what cannot. `silent`: it is bad because a
    server did not answer.
    """

    name: str
    ok: bool
    detail: str
    warning: bool = False
    silent: bool = False


def problems(checks: Iterable[Check]) -> list[str]:
    """What is bad."""
    return [check.detail for check in checks if not check.ok]


def refuse_for(bad: Collection[Check]) -> int:
    """Prints why nothing starts; answers the exit status for it."""
    return refuse(problems(bad), NOT_THERE if any(check.silent for check in bad) else WRONG)


def refuse(reasons: Iterable[str], status: int = WRONG) -> int:
    """Prints why nothing starts, on standard error; answers the exit status for it."""
    print("payday cannot start:", file=sys.stderr)
    for problem in reasons:
        print(f"  {problem}", file=sys.stderr)
    return status
