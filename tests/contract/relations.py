"""What no JSON schema can say of a request: why one that fits the document may be refused all the same.

Anything else that is said of a request that fits is a fault of the document: it allows what the code does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

NOT_SCHEMA: Final[Mapping[int, Mapping[str, str]]] = {
    400: {"bad_cursor": "a cursor is signed, and for one list"},
    412: {"version_stale": "which version there is, is no matter of form"},
    422: {"validation_failed": "see RELATIONS", "date_not_open": "today's business day decides"},
}
"""Status and code of a refusal that a schema cannot foresee, and why."""

DAY: Final = r"\d{4}-\d{2}-\d{2}"
RELATIONS: Final[tuple[str, ...]] = (
    # between fields
    r"/payeeId must not be the payer",
    r"/payeeId must not be given with payerId; place a hold on each",
    r"/providerRef is required for paid",
    r"/providerRef is only for paid",
    r"/startDate is required",
    r"/startDate cannot be given with dates: .*",
    r"/dates can only be given with the frequency dates",
    r"/dates must list 1 to 400 dates",
    r"/endDate cannot be given together with count",
    r"/count cannot be given together with endDate",
    r"/(endDate|count) must be left out .*",
    rf"/endDate lies before the start date, {DAY}",
    r"/interval must be 1 (with the frequency|for a payment) .*",
    r"/(frequency|endDate) gives no date",
    r"/to lies before from",
    rf"/until must lie after {DAY}: it is the first day paid again",
    r"/(amount|firstAmount|finalAmount) has \d+ decimals; [A-Z]{3} has (\d|none)",
    # with what is there already
    r"/count must be at least \d+: so many dates are used already",
    rf"/endDate lies before the last date that is used already, {DAY}",
    rf"/from lies after the last date, {DAY}",
    rf"/overridden would keep the event of {DAY}, which lies too many dates ahead; cancel it first",
    rf"/(startDate|dates|dates/\d+) lies before from, {DAY}",
    rf"/date must lie before the next payment of the schedule, on {DAY}",
    # with today, with a setting of the bank, or with a library
    rf"/(date|startDate|dates/\d+|from|until) lies before the next possible date, {DAY}",
    r"/(amount|firstAmount|finalAmount) must be at most 1000000\.00",
    r"/calendar is no calendar that is known; .*",
    r"/calendar must be weekends, an ISO 3166 code such as GB-ENG, TARGET or another financial calendar",
    # an order of items
    r"/retry/days must be 1 to 10 whole numbers from 0 to 20, rising",
)
"""Pointer and sentence of each."""


def is_relation(problem: Mapping[str, Any]) -> bool:
    """Whether a refusal is of what no schema can say."""
    if problem["code"] not in NOT_SCHEMA.get(problem["status"], {}):
        return False
    said = [f"{error['pointer']} {error['detail']}" for error in problem.get("errors", ())]
    return all(any(re.fullmatch(relation, sentence) for relation in RELATIONS) for sentence in said)
