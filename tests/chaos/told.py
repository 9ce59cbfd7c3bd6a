"""What must hold of notices whatever happened, judged by the receiver's journal (rule P4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tests.chaos.violations import none_of

ROLES = ("payer", "payee")
OUTCOMES = frozenset({"paid", "failed", "missed", "unknown"})
"""What is told of an event that stays where it is; others may be of one that a new plan has taken away."""
HEARD = frozenset({"failed", "missed"})

Notices = Sequence[Mapping[str, Any]]


class Subject(NamedTuple):
    """An event as its notices are compared with it; `amount` as text."""

    id: str
    status: str
    amount: str


def check_notices(notices: Notices, events: Sequence[Subject]) -> None:
    """All of them. Raises Violated."""
    by_id = {event.id: event for event in events}
    an_id_has_one_content(notices)
    payees_hear_of_payments_only(notices)
    payments_are_told_once(notices, events)
    what_is_told_is_so(notices, by_id)
    failures_are_told(notices, events)


def calls_are_signed(summary: Mapping[str, Any]) -> None:
    """All that came, and of what is signed all can be read."""
    wrong = [(name, summary[name]) for name in ("badSignatures", "unreadable") if summary[name]]
    none_of("every call of the receiver is signed and has notices", wrong)


def an_id_has_one_content(notices: Notices) -> None:
    """However often it comes."""
    first: dict[str, Mapping[str, Any]] = {}
    changed = [notice["id"] for notice in notices if first.setdefault(notice["id"], notice) != notice]
    none_of("an id of a notice has one content", changed)


def payees_hear_of_payments_only(notices: Notices) -> None:
    """Never of a failure, nor of a plan."""
    found = [notice["id"] for notice in notices if notice["role"] == "payee" and notice["type"] != "paid"]
    none_of("a payee hears of payments only", found)


def payments_are_told_once(notices: Notices, events: Sequence[Subject]) -> None:
    """To payer and payee, each under one id; the same id may come again."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    for notice in notices:
        if notice["type"] == "paid":
            ids[notice["event"]["id"], notice["role"]].add(notice["id"])
    paid = {(event.id, role) for event in events if event.status == "paid" for role in ROLES}
    none_of("payer and payee hear of a payment", sorted(paid - ids.keys()))
    none_of("nobody hears of a payment that was none", sorted(ids.keys() - paid))
    none_of("a payment is one notice to each", [told for told, found in ids.items() if len(found) > 1])


def what_is_told_is_so(notices: Notices, events: Mapping[str, Subject]) -> None:
    """No notice without its event; of a payment, in its amount."""
    outcomes = [notice for notice in notices if notice["type"] in OUTCOMES]
    none_of("a notice has its event", [notice["id"] for notice in outcomes if notice["event"]["id"] not in events])
    paid = [notice for notice in outcomes if notice["type"] == "paid"]
    other = [notice["id"] for notice in paid if notice["event"]["amount"] != events[notice["event"]["id"]].amount]
    none_of("a payment is told in its amount", other)


def failures_are_told(notices: Notices, events: Sequence[Subject]) -> None:
    """To the payer; one that was declined again under another id."""
    told = {(notice["event"]["id"], notice["type"]) for notice in notices if notice["type"] in HEARD}
    silent = [(event.id, event.status) for event in events if event.status in HEARD]
    none_of("a payer hears of a failure", [fact for fact in silent if fact not in told])
