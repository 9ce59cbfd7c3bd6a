"""Whether everybody who is to hear of a payment did, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploy.local.demo.records import Records, Row

TOLD = {"paid": ("payer", "payee"), "failed": ("payer",)}
"""Who hears that an event has become this."""

Told = tuple[str, str, str]


def untold(records: Records) -> Iterator[str]:
    """What the receiver lacks, and what it has and should not, a sentence each."""
    meant = {
        (event["id"], event["status"], role)
        for event in records.events.values()
        for role in TOLD.get(event["status"], ())
    }
    ids = _ids(records.notices)
    yield from (f"not told: {told}" for told in sorted(meant - ids.keys()))
    yield from (f"told, and not so: {told}" for told in sorted({told for told in ids if told[1] in TOLD} - meant))
    yield from (f"told under {len(found)} ids: {told}" for told, found in sorted(ids.items()) if len(found) > 1)
    yield from _unfit(records.notices, records.events)
    for name in ("badSignatures", "unreadable"):
        if records.told[name]:
            yield f"the receiver's journal shows {name}: {records.told[name]}"


def _ids(notices: Iterable[Row]) -> dict[Told, set[str]]:
    ids: dict[Told, set[str]] = {}
    for notice in notices:
        if "event" in notice:
            ids.setdefault((notice["event"]["id"], notice["type"], notice["role"]), set()).add(notice["id"])
    return ids


def _unfit(notices: Iterable[Row], events: dict[str, Row]) -> Iterator[str]:
    """A payee hears of payments only, each party in its own name, and of the amount that was paid."""
    for notice in notices:
        subject = notice.get("event") or notice["schedule"]
        if notice["role"] == "payee" and notice["type"] != "paid":
            yield f"told to a payee: {notice['id']}"
        if notice["recipient"] != subject[f"{notice['role']}Id"]:
            yield f"told to somebody else: {notice['id']}"
        event = events.get(subject["id"])
        if event is not None and any(subject[name] != event[name] for name in ("amount", "currency")):
            yield f"told of another amount: {notice['id']}"
