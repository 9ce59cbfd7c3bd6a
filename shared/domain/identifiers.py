"""Ids of payers and payees: given by others, so only their form is known."""

from __future__ import annotations

import re
from typing import Final, TypeGuard

PARTY_ID_PATTERN: Final = r"[!-~]{1,64}"
_PARTY_ID: Final = re.compile(rf"\A{PARTY_ID_PATTERN}\Z")


def is_party_id(value: object) -> TypeGuard[str]:
    """Whether this is 1 to 64 visible ASCII characters."""
    return isinstance(value, str) and _PARTY_ID.match(value) is not None
