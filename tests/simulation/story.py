"""One seed's story: who goes on next, what befalls them, and what must hold after each step."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from shared.db.attempts import OpenAttempt
from shared.db.parts import ClaimedEvent
from shared.domain.days import BusinessNow
from shared.domain.payments import Answer, Outcome, Payment
from shared.settings import Settings
from tests.simulation import configuration, quiet
from tests.simulation.actors import Message, Steps, dispatching, paying, resolving_due
from tests.simulation.bank import Bank, Fate
from tests.simulation.broken import demand
from tests.simulation.chance import act
from tests.simulation.invariants import check, check_send, look_at
from tests.simulation.model.guards import ALL, Guards
from tests.simulation.model.model import Model
from tests.simulation.model.moving import Watched
from tests.simulation.moments import BEGINS_AT, business
from tests.simulation.names import DISPATCHER, RESOLVERS
from tests.simulation.scenario import Scenario, scenario
from tests.simulation.sending import Right
from tests.simulation.transactions import Transactions, Wish
from worker_service.orders import Orders


class Counts(NamedTuple):
    """What a story came to: its steps, how many events were sent late, by somebody who had lost the right to it, and
    how many of those were paid twice."""

    steps: int
    late: int
    twice: int


class Story:
    """Everything of one seed. `payday` is where its transactions go: the model, or the model and a database."""

    def __init__(
        self,
        seed: int,
        *,
        freezes: bool = False,
        guards: Guards = ALL,
        transactions: Callable[[Model], Transactions] = lambda model: model,
        chosen: Callable[[Scenario], Scenario] = lambda found: found,
        database_url: str | None = None,
    ) -> None:
        self.random = random.Random(seed)
        self.freezes = freezes
        self.scenario = chosen(scenario(self.random))
        self.steps = self.amounts = 0
        self.late: set[int] = set()
        self.twice: set[int] = set()
        self.rows = Watched(self.scenario.events(), BEGINS_AT)
        self.bank = Bank(self.scenario.terms, self._paid, now=BEGINS_AT)
        self.rows.truth = self
        self.settings = configuration.settings(self.scenario.terms)
        self.payday = transactions(Model(self.rows, guards))
        self.messages: list[Message] = []
        self.actors: dict[str, Steps] = {}
        self.read: dict[str, Message] = {}
        self.healthy = False
        self.payments: dict[int, int] = {}

    @property
    def now(self) -> int:
        return self.rows.now

    @property
    def business(self) -> BusinessNow:
        return business(self.rows.now)

    def run(self) -> Counts:
        """The whole story, to the day on which everything is settled. Raises Broken."""
        for _ in range(self.scenario.length):
            act(self)
            self.steps += 1
            check(self)
        quiet.bring(self)
        quiet.check(self)
        return Counts(self.steps, len(self.late), len(self.twice))

    def advance(self, to: int) -> None:
        """Time passes."""
        self.rows.now = to
        self.bank.pass_time(to)

    def go_on(self, name: str) -> bool:
        """One step of an actor; False: it has come to its end."""
        try:
            next(self.actors[name])
        except StopIteration:
            del self.actors[name]
            self.read.pop(name, None)
            return False
        return True

    def start(self, name: str, message: Message | None = None) -> None:
        """An actor begins, and takes its first step."""
        if name == DISPATCHER:
            self.actors[name] = dispatching(self)
        elif name in RESOLVERS:
            self.actors[name] = resolving_due(self)
        elif message is not None:
            self.read[name] = message
            self.actors[name] = paying(self, message)
        self.go_on(name)

    def send(self, settings: Settings, payment: Payment, right: Right) -> Outcome:
        """One call, and what befalls it."""
        event = self.rows.by_text[payment.event_id]
        late = self.now > right.ends_at
        check_send(self, event, payment, late)
        if late:
            self.late.add(event.number)
        fate = Fate.PAYS if self.healthy else self.scenario.fate(self.random)
        processing = self.scenario.terms.processing_seconds
        delay = self.random.choice((1, processing // 2, processing - 1)) if fate is Fate.PAYS_LATER else 0
        return self.bank.send(payment, event.number, settings.provider.name, fate, delay)

    def paid(self, number: int, attempt: int) -> bool:
        """Whether the bank paid that attempt; of what was sent late nothing is said."""
        return number in self.late or self.bank.paid(number, attempt)

    def may_pay(self, number: int, attempt: int) -> bool:
        """Whether the bank paid that attempt or is about to; of what was sent late nothing is said."""
        return number not in self.late and self.bank.may_pay(number, attempt)

    def ask(self, key: str) -> Answer:
        """One question about a key."""
        if self.healthy:
            return self.bank.ask(key, answers=True, early=False)
        return self.bank.ask(key, answers=self.random.random() < 0.8, early=self.random.random() < 0.5)

    def claimed(self, attempt: OpenAttempt) -> ClaimedEvent:
        """An open attempt as what was claimed."""
        return ClaimedEvent(
            str(attempt.event_id),
            attempt.payer_id,
            attempt.payee_id,
            attempt.amount,
            attempt.currency,
            attempt.reference,
            attempt.number,
        )

    def look_at_claim(self, written: Orders) -> None:
        """What is to be sent of a part may be sent now, whoever decided it; fresh keys are fresh (K5, K6)."""
        for payment in written.payments:
            look_at(self, self.rows.by_text[payment.event_id])
            fresh = payment.key not in written.sent_before
            demand(not (fresh and payment.key in self.bank.received), f"key {payment.key} is not fresh")

    def look_at_resend(self, attempt: OpenAttempt) -> None:
        """What the resolver sends again may be sent."""
        look_at(self, self.rows.by_id[attempt.event_id])

    def wish(self, wish: Wish, number: int) -> None:
        """A user or an operator does something."""
        self.amounts += 1
        self.payday.wish(self.settings, wish, number, 5000 + 100 * self.amounts)

    def crash(self, name: str) -> None:
        """An actor dies; its message may come again."""
        self.actors.pop(name).close()
        message = self.read.pop(name, None)
        if message is not None and self.random.random() < 0.8:
            self.messages.append(Message(message.batch_id, redelivered=True))

    def _paid(self, number: int, attempt: int, amount: str) -> None:
        """A payment was made: the first of its event, for the key that it waits for."""
        event = self.rows.events[number]
        self.payments[number] = self.payments.get(number, 0) + 1
        if number in self.late:
            if self.payments[number] > 1:
                self.twice.add(number)
            return
        demand(self.payments[number] == 1, f"event {number} was paid twice")
        waits = event.status in ("processing", "unknown") and event.attempt == attempt
        demand(waits, f"attempt {attempt} was paid while event {number} was {event.status}, attempt {event.attempt}")
        demand(amount == f"{event.amount // 100}.{event.amount % 100:02d}", f"event {number} was paid with {amount}")
