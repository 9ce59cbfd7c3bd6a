"""One scripted fault: whom it meets, and what it does. The package's docstring explains each field."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Reach(StrEnum):
    """What a fault spoils: the whole call, one payment of it, or the bank."""

    CALL = "call"
    ENTRY = "entry"
    BANK = "bank"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: whether the payment is made all the same, and which fields it has of its own."""

    reach: Reach
    commit: bool = True
    fields: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset({"single", "batch", "ask", "list"})


def _kind(reach: Reach, fields: str = "", *, commit: bool = True, forms: str = "") -> Kind:
    kind = Kind(reach, commit, frozenset(fields.split()))
    return kind if not forms else Kind(reach, commit, kind.fields, frozenset(forms.split()))


_RETRY = "retry_after retry_after_date_seconds"
_ANSWER = f"status code body text headers {_RETRY}"

KINDS = {
    "latency": _kind(Reach.CALL, "seconds when"),
    "status": _kind(Reach.CALL, _ANSWER, commit=False),
    "throttled": _kind(Reach.CALL, _ANSWER, commit=False),
    "server_error": _kind(Reach.CALL, _ANSWER, commit=False),
    "redirect": _kind(Reach.CALL, "status location", commit=False),
    "drop": _kind(Reach.CALL, "how after_bytes", commit=False),
    "hang": _kind(Reach.CALL, "seconds"),
    "drip": _kind(Reach.CALL, "part interval_seconds"),
    "truncated": _kind(Reach.CALL, "keep"),
    "wrong_json": _kind(Reach.CALL, "text"),
    "oversized": _kind(Reach.CALL, "bytes chunked"),
    "raw": _kind(Reach.CALL, "text"),
    "half_batch": _kind(Reach.CALL, "keep", forms="batch"),
    "decline": _kind(Reach.ENTRY, "code status", forms="single batch"),
    "error": _kind(Reach.ENTRY, "code", commit=False, forms="single batch"),
    "result": _kind(Reach.ENTRY, "body status"),
    "wrong_amount": _kind(Reach.ENTRY, "amount"),
    "wrong_key": _kind(Reach.ENTRY, "echo_key"),
    "missing": _kind(Reach.ENTRY, forms="batch"),
    "duplicate_result": _kind(Reach.ENTRY, "contradict", forms="batch"),
    "unknown_result": _kind(Reach.ENTRY, "echo_key", forms="batch"),
    "ignore_key": _kind(Reach.ENTRY, forms="single batch"),
    "forget_key": _kind(Reach.ENTRY, forms="single batch ask"),
    "refuse_key": _kind(Reach.ENTRY, commit=False, forms="single batch"),
    "down": _kind(Reach.BANK, "seconds how recover_seconds recover_share", forms="-"),
}


@dataclass(frozen=True, slots=True)
class Selector:
    """Which requests a fault meets. Everything that is set must hold."""

    payer_id: frozenset[str] = frozenset()
    idempotency_key: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset({"single", "batch"})
    send: int | None = None
    share: float = 1.0
    share_by: str = "send"
    after: int = 0
    times: int | None = None
    for_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to the payment (`commit…`, `hidden`) and to the answer (the rest, by `kind`)."""

    kind: str
    selector: Selector = field(default_factory=Selector)
    commit: bool = True
    commit_after_seconds: float | None = None
    hidden: bool = False
    delay_seconds: float = 0.0
    seconds: float | None = None
    when: str = "after"
    status: int | None = None
    code: str | None = None
    body: object = None
    text: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    retry_after: str | None = None
    retry_after_date_seconds: float | None = None
    location: str = "/payments"
    how: str = "fin"
    after_bytes: int = 0
    part: str = "body"
    interval_seconds: float = 0.05
    keep: float = 0.5
    bytes: int = 1_000_000
    chunked: bool = False
    amount: str = "999999.99"
    echo_key: str | None = None
    contradict: bool = False
    recover_seconds: float = 0.0
    recover_share: float = 0.1

    @property
    def reach(self) -> Reach:
        return KINDS[self.kind].reach
