"""The only code that calls the external payment API."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from shared.domain.payments import Answer, AnswerKind, Outcome, OutcomeKind, Payment
from shared.settings import ProviderSettings
from worker_service.calling.connection import tls_context
from worker_service.calling.transport import Transport
from worker_service.gateway.brake import Brake
from worker_service.gateway.budget import Budget
from worker_service.gateway.calls import Calls
from worker_service.gateway.delivery import Delivery
from worker_service.gateway.diagnosis import Diagnosis
from worker_service.gateway.gate import Gate, MaySend, always
from worker_service.gateway.lanes import Lanes
from worker_service.gateway.pace import Pace, Reserve
from worker_service.gateway.refusals import Refusals
from worker_service.gateway.resending import SENDS_MAX
from worker_service.gateway.slow_parties import SlowParties
from worker_service.gateway.trouble import Trouble

_AMBIGUOUS_BEFORE = Outcome(OutcomeKind.AMBIGUOUS, "sent before")


@dataclass(frozen=True, slots=True)
class Results:
    """What became of a part.

    `outcomes`: for every key of which a send began. `not_begun`: keys of which none began in this call; what was
    ambiguous before stays ambiguous. `alerts`: what belongs to no payment of ours and somebody must look at.
    `trouble`: what is wrong with the provider as a whole. `seconds`: how long ago the first of these sends could
    begin. `slow`: keys among those not begun that were left out for a payer or payee whose calls time out.
    """

    outcomes: Mapping[str, Outcome]
    not_begun: frozenset[str]
    alerts: tuple[str, ...] = ()
    trouble: Trouble | None = None
    seconds: float = 0.0
    slow: frozenset[str] = frozenset()


class Gateway:
    """Pays through one provider, and asks it. Made in the process that uses it: it must not live through a fork."""

    def __init__(self, provider: ProviderSettings, reserve: Reserve | None = None) -> None:
        """`reserve`: where calls get their slots, if their rate is limited.

        Raises ValueError when the URL or the token cannot be sent.
        """
        if not provider.url.startswith(("http://", "https://")):
            raise ValueError("the provider's URL must begin with http:// or https://")
        if provider.token is not None and not (provider.token.isascii() and provider.token.isprintable()):
            raise ValueError("the provider's token must be printable ASCII")
        self._process = os.getpid()
        self._batch_size = provider.batch_size
        self._keyed = provider.mode == "key"
        self._timeout_seconds = provider.timeout_seconds
        self._brake, self._refusals, self._slow = Brake(2 * provider.concurrency), Refusals(), SlowParties()
        self._pace = Pace(reserve) if reserve else None
        self._calls = Calls(provider.token)
        tls = tls_context() if provider.url.startswith("https") else None
        self._lanes = Lanes(
            provider.concurrency, partial(Transport, provider.url.rstrip("/"), provider.timeout_seconds, tls)
        )

    def make_payments(
        self,
        payments: Sequence[Payment],
        *,
        last_start: float,
        ambiguous_before: frozenset[str] = frozenset(),
        stopped: threading.Event | None = None,
        may_send: MaySend = always,
    ) -> Results:
        """Pays each payment once.

        No call begins at or after `last_start`, a `time.monotonic()` value (rule C3), or once `stopped` is set, which
        a provider that serves nobody, or refuses payment after payment, does too. `may_send` is asked before every
        send of every payment, resends among them (rule K6); what may not be sent is left out. `ambiguous_before`:
        keys of which a send before this may have paid (rule K3); without a provider that honours keys they are not
        sent again. Raises RuntimeError in another process than the gateway's own, and nothing for what a provider
        does.
        """
        self._check_process()
        waiting = {payment.key: payment for payment in payments}
        earlier = {key: _AMBIGUOUS_BEFORE for key in ambiguous_before if key in waiting}
        outcomes = {} if self._keyed else dict(earlier)
        sendable = [payment for key, payment in waiting.items() if key not in outcomes]
        began = time.monotonic()
        sparing = self._spares(sendable)
        budget = Budget(last_start, stopped)
        gate = Gate(self._slow.spared(may_send) if sparing else may_send, self._pace)
        diagnosis = Diagnosis(self._brake, self._refusals, self._slow, budget, timeout_seconds=self._timeout_seconds)

        calls = [
            Delivery(sendable[start : start + self._batch_size], earlier, keyed=self._keyed, gate=gate)
            for start in range(0, len(sendable), self._batch_size)
        ]
        self._run(calls, budget, diagnosis, single=self._batch_size == 1)
        singles = [single for call in calls for single in _singles(call, gate)]
        if singles:
            self._run(singles, budget, diagnosis, single=True)

        for call in calls + singles:
            outcomes.update(call.outcomes)
        strays = sum(call.strays for call in calls)
        alerts = (f"{strays} results for keys that were not in the call",) if strays else ()
        not_begun = frozenset(waiting.keys() - outcomes.keys())
        slow = frozenset(key for key in not_begun if sparing and self._slow.includes(waiting[key]))
        return Results(outcomes, not_begun, alerts, diagnosis.trouble, time.monotonic() - began, slow)

    def ask(self, key: str, amount: str) -> Answer:
        """What the provider knows of `key`, a payment of `amount`; whether NOT_FOUND counts, the caller judges.

        One call, never resent, and none when the rate leaves no room for it within a call's time-out. Raises
        RuntimeError as above.
        """
        self._check_process()
        if self._pace and not self._pace.wait(Budget(time.monotonic() + self._timeout_seconds)):
            return Answer(AnswerKind.NO_ANSWER, code="no room at this rate")
        with self._lanes.transport() as transport:
            return self._calls.ask(transport, key, amount)

    def close(self) -> None:
        """Waits for the calls in flight and closes all connections."""
        if self._process == os.getpid():
            self._lanes.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _spares(self, payments: Sequence[Payment]) -> bool:
        """Whether those of slow parties are left out: they go when nothing else does. A call for many shows none."""
        return self._batch_size == 1 and not all(self._slow.includes(payment) for payment in payments)

    def _run(self, deliveries: Sequence[Delivery], budget: Budget, diagnosis: Diagnosis, *, single: bool) -> None:
        send = self._calls.make_payment if single else self._calls.make_batch

        def step(transport: Transport, delivery: Delivery) -> None:
            diagnosis.deliver(delivery, partial(send, transport))

        self._lanes.work_through(deliveries, step, budget)

    def _check_process(self) -> None:
        """A connection shared across a fork would mix two workers' answers."""
        if self._process != os.getpid():
            raise RuntimeError("this gateway was made in another process")


def _singles(call: Delivery, gate: Gate) -> list[Delivery]:
    """The payments of a batch call that was refused as a whole, to be sent one by one with the same keys."""
    sends_max = max(1, SENDS_MAX - call.sends)
    return [Delivery([payment], call.outcomes, keyed=True, sends_max=sends_max, gate=gate) for payment in call.refused]
