"""One payer or payee with batch after batch of payments: the others go first, from the second of these on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from shared.db import planning
from tests.world import World

BATCH = 100
MANY_OTHERS = 25
FILL = text("""
WITH asked AS (
  SELECT payer, payee, CAST(lpad(to_hex(n + (SELECT count(*) FROM event)), 32, '0') AS uuid) AS id
  FROM unnest(CAST(:payers AS text[]), CAST(:payees AS text[])) WITH ORDINALITY AS row (payer, payee, n)),
made AS (
  INSERT INTO schedule (id, payer_id, payee_id, start_date, is_recurring, amount, currency, frequency, rule, pay_late,
    next_sequence, written_through)
  SELECT id, payer, payee, :day, false, 2500, 'GBP', 'once',
    '{"startDate": "2026-03-02", "frequency": "once", "interval": 1, "monthEnd": "clamp",
      "dayConvention": "none", "calendar": "GB-ENG"}', 5, 2, :day
  FROM asked RETURNING id, payer_id, payee_id)
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, nominal_date, sequence, revision)
SELECT :day, id, id, payer_id, payee_id, 2500, 'GBP', :day, 1, 1 FROM made
""")


@pytest.fixture
def town(world: World) -> World:
    """A world with batches of a hundred."""
    world.environment |= {"BATCH_SIZE": str(BATCH), "PROVIDER_BATCH_SIZE": str(BATCH)}
    world.set_day("2026-03-02")
    return world


def fill(world: World, parties: Iterable[tuple[str, str]]) -> None:
    """An event of today for each payer and payee, in this order."""
    payers, payees = zip(*parties, strict=True)
    where = {"payers": list(payers), "payees": list(payees), "day": world.today}
    world.transact(lambda session: session.execute(FILL, where))


def many(name: str, batches: int) -> list[tuple[str, str]]:
    """So many batches of one payer, each payment to somebody else."""
    return [(name, f"{name}-payee-{number}") for number in range(batches * BATCH)]


def others(batches: int, name: str = "other") -> list[tuple[str, str]]:
    """So many batches of payments that have no party in common."""
    return [(f"{name}-{number}", f"{name}-payee-{number}") for number in range(batches * BATCH)]


def published(world: World) -> list[tuple[str, bool]]:
    """What a tick publishes in its order: the payer of a batch's first payment, and whether it gave way."""
    query = text("SELECT b.id, payer_id FROM event e JOIN batch b ON b.date = e.date AND e.id = b.first_id")
    batches = world.tick()
    payers = dict(world.transact(lambda session: [(row.id, row.payer_id) for row in session.execute(query)]))
    return [(payers[batch.id].split("-")[0], batch.bulk) for batch in batches]


def test_whoever_comes_behind_a_payer_with_many_batches_waits_for_one(town: World) -> None:
    fill(town, many("big", 4) + others(2))
    assert published(town) == [
        ("big", False), ("other", False), ("other", False),
        ("big", True), ("big", True), ("big", True),
    ]  # fmt: skip


def test_without_turns_he_waits_for_all(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning.turns, "assign", lambda *_, **__: None)
    fill(town, many("big", 4) + others(1))
    assert published(town) == [("big", False)] * 4 + [("other", False)]


def test_a_payee_gives_way_as_a_payer_does(town: World) -> None:
    fill(town, [(payer, "big") for payer, _ in others(3, "some")] + others(1))
    assert published(town) == [("some", False), ("other", False), ("some", True), ("some", True)]


@pytest.mark.parametrize("size", [1, 2, 20])
def test_however_small_the_batches_are(town: World, size: int) -> None:
    town.set_day("2026-03-02", batch_size=size)
    fill(town, many("big", 1)[: 4 * size] + others(1)[: 3 * size])
    assert published(town) == [("big", False)] + [("other", False)] * 3 + [("big", True)] * 3


def test_parties_with_many_batches_give_way_to_each_other(town: World) -> None:
    fill(town, many("big", 4) + many("huge", 3))
    assert published(town) == [
        ("big", False), ("huge", False),
        ("big", True), ("huge", True), ("big", True), ("huge", True), ("big", True),
    ]  # fmt: skip


def test_a_batch_of_several_gives_way_to_nobody(town: World) -> None:
    one = many("big", 1)
    mixed = one[: BATCH // 4] + others(1)[: BATCH // 2] + one[: BATCH // 4]
    fill(town, one + mixed + mixed + others(1))
    assert not any(bulk for _, bulk in published(town))


def test_while_many_others_wait_nothing_that_gives_way_is_published(town: World) -> None:
    fill(town, many("big", 3) + others(MANY_OTHERS))
    batches = town.tick()
    assert (len(batches), any(batch.bulk for batch in batches)) == (1 + MANY_OTHERS, False)
    assert town.tick() == []
    town.pay(batches[:-1])
    assert published(town) == [("big", True), ("big", True)]


def test_what_nobody_takes_from_its_queue_comes_again_in_the_other(town: World) -> None:
    fill(town, many("big", 3))
    assert [bulk for _, bulk in published(town)] == [False, True, True]
    town.transact(lambda session: session.execute(text("UPDATE batch SET published_at = now() - interval '1 day'")))
    assert [bulk for _, bulk in published(town)] == [False, False, False]


def test_what_is_carried_gives_way_on_the_next_day_too(town: World) -> None:
    fill(town, many("big", 3))
    town.tick()
    town.set_day(str(town.today + timedelta(days=1)))
    fill(town, others(1))
    assert published(town) == [("big", False), ("other", False), ("big", True), ("big", True)]
    assert town.today == date(2026, 3, 3)


def test_everything_is_paid_once_whosever_turn_it_is(town: World) -> None:
    fill(town, many("big", 3) + others(1))
    assert town.pay() == 4 * BATCH
    assert town.counts() == {"due": 4 * BATCH, "paid": 4 * BATCH}
    town.assert_paid_once()
