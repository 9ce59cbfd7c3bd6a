"""What a batch decided of its events, for its settlement to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple


class Verdict(NamedTuple):
    """What a claimed event becomes, with what the provider said.

    `paid` with the provider's reference as `note`, `failed` with `code` and whether the decline is `soft`, `unknown`
    with the reason as `note` and whether it may be sent again (rule K8).
    """

    status: str
    code: str | None = None
    note: str | None = None
    resend: bool = True
    soft: bool = False


@dataclass(frozen=True, slots=True)
class RetryDays:
    """By event id, the days on which declined events are tried again (rule S11), and from when on first declined.

    `opens_at`: when a retry on the day of the decline itself may begin.
    """

    days: Mapping[str, date] = field(default_factory=dict)
    first_on: Mapping[str, date] = field(default_factory=dict)
    opens_at: datetime | None = None


NO_RETRIES: Final = RetryDays()
