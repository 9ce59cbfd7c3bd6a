"""A run that is paused: nothing of it is claimed until it is resumed, and it still closes (rules C2, D5)."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import closing, runs
from shared.db.parts import Claim
from shared.db.publishing import Ready
from shared.domain.errors import Conflict, NotFound
from tests.integration.paydays.claiming import batch_of, send, take
from tests.integration.paydays.racing import overlap
from tests.world import World

TODAY = date(2026, 3, 2)
Noted = list[Claim | None]


def pause(session: Session) -> None:
    runs.pause(session, TODAY, "looking into it")


def resume(session: Session) -> None:
    runs.resume(session, TODAY, "all is well")


def begun(world: World, events: int = 3) -> int:
    """A run with one batch, published; the batch."""
    world.schedules(events)
    batch = batch_of(world)
    assert batch is not None
    return batch


def noting(world: World, batch: int, claimed: Noted) -> Callable[[Session], None]:
    claim = take(world, batch)
    return lambda session: claimed.append(claim(session))


def closing_it(world: World) -> Callable[[Session], bool]:
    settings = world.service.settings
    return lambda session: closing.close(
        session, TODAY, clock=settings.business, batch_size=settings.batch_size, provider=settings.provider.name
    )


def test_a_pause_waits_for_the_claim_that_holds_the_run_and_lets_none_pass_after_it(world: World) -> None:
    batch = begun(world)
    claimed: Noted = []
    order: list[str] = []

    def claim_first(session: Session) -> None:
        noting(world, batch, claimed)(session)
        order.append("claimed")

    def pause_late(session: Session) -> None:
        pause(session)
        order.append("paused")

    assert overlap(world, claim_first, pause_late) == []
    assert order == ["claimed", "paused"]
    [first] = claimed
    assert first is not None
    assert len(first.fresh) == 3
    world.expire_leases()
    assert world.transact(take(world, batch)) is None
    assert world.statuses() == ["processing"] * 3


def test_a_claim_that_comes_while_a_run_is_being_paused_waits_and_takes_nothing(world: World) -> None:
    batch = begun(world)
    claimed: Noted = []
    assert overlap(world, pause, noting(world, batch, claimed)) == []
    assert claimed == [None]
    assert world.statuses() == ["scheduled"] * 3


def test_what_was_claimed_before_the_pause_is_settled_after_it(world: World) -> None:
    claim = world.transact(take(world, begun(world)))
    assert claim is not None
    world.transact(pause)
    send(world, [claim])
    assert world.statuses() == ["paid"] * 3
    world.assert_books_agree()


def test_batches_that_were_published_before_the_pause_are_published_at_once_after_it(world: World) -> None:
    batch = begun(world)
    world.transact(pause)
    assert world.pay([Ready(batch, TODAY)]) == 0
    assert world.tick() == []
    world.transact(resume)
    ready = world.tick()
    assert [item.id for item in ready] == [batch]
    assert world.pay(ready) == 3
    world.assert_paid_once()
    world.assert_books_agree()


def test_a_paused_run_takes_no_late_work_until_it_is_resumed_and_then_all_of_it(world: World) -> None:
    world.pay([Ready(begun(world), TODAY)])
    world.transact(pause)
    world.schedule("late")
    assert world.pay() == 0
    assert world.counts() == {"due": 4, "paid": 3, "waiting": 1}
    world.transact(resume)
    assert world.pay() == 1


def test_a_paused_run_closes_by_itself_after_its_cut_off_and_the_next_one_pays_it(world: World) -> None:
    begun(world)
    world.transact(pause)
    world.set_day("2026-03-03")
    assert world.pay() == 3
    run = world.run("2026-03-02")
    assert run is not None
    assert (run.status, run.reason, run.off) == ("closed", "looking into it", None)
    assert world.counts("2026-03-02") == {"due": 3, "carried": 3}


def test_a_paused_run_can_be_told_to_close_and_is_not_resumed_then(world: World) -> None:
    begun(world)
    world.transact(pause)
    world.transact(lambda session: runs.begin_close(session, TODAY, "enough for today"))
    with pytest.raises(Conflict, match="is being closed") as refused:
        world.transact(resume)
    assert refused.value.code == "run_closing"
    world.tick()
    with pytest.raises(Conflict, match="is closed") as refused:
        world.transact(pause)
    assert refused.value.code == "run_closed"
    assert world.counts() == {"due": 3, "carried": 3}


def test_a_pause_that_meets_the_close_waits_and_is_refused(world: World) -> None:
    begun(world)
    [refused] = overlap(world, closing_it(world), pause)
    assert isinstance(refused, Conflict)
    assert refused.code == "run_closed"


def test_pausing_all_that_meets_a_close_leaves_the_closed_run_alone(world: World) -> None:
    begun(world)
    paused: list[list[date]] = []
    assert overlap(world, closing_it(world), lambda session: paused.append(runs.pause_all(session, "wrong"))) == []
    assert paused == [[]]
    run = world.run("2026-03-02")
    assert run is not None
    assert (run.status, run.reason) == ("closed", None)


def test_pausing_and_resuming_twice_keeps_the_first_reason(world: World) -> None:
    begun(world)
    for reason in ("first", "second"):
        assert world.transact(lambda session, why=reason: runs.pause(session, TODAY, why).reason) == "first"  # type: ignore[misc]
    for reason in ("third", "fourth"):
        assert world.transact(lambda session, why=reason: runs.resume(session, TODAY, why).reason) == "third"  # type: ignore[misc]


def test_a_date_without_a_run_is_neither_paused_nor_announced(world: World) -> None:
    with pytest.raises(NotFound):
        world.transact(lambda session: runs.pause(session, date(2025, 1, 1), "why not"))
    assert world.run("2025-01-01") is None


def test_a_wrong_set_up_pauses_every_run_that_pays_and_no_other(world: World) -> None:
    world.transact(
        lambda session: session.execute(
            text("""
            INSERT INTO run (date, status, closing_at, closed_at) VALUES
              ('2026-02-24', 'closed', now(), now()), ('2026-02-25', 'paused', NULL, NULL),
              ('2026-02-26', 'open', now(), NULL), ('2026-02-27', 'open', NULL, NULL),
              ('2026-03-01', 'open', NULL, NULL),
              ('2026-03-02', 'planning', NULL, NULL), ('2026-03-03', 'announced', NULL, NULL)
            """)
        )
    )
    paused = world.transact(lambda session: runs.pause_all(session, "the provider refuses our token"))
    assert paused == [date(2026, 2, 27), date(2026, 3, 1)]
    assert world.transact(lambda session: runs.pause_all(session, "again")) == []
    rows = world.transact(lambda session: session.execute(text("SELECT status, reason FROM run ORDER BY date")).all())
    refused = ("paused", "the provider refuses our token")
    assert [tuple(row) for row in rows] == [
        ("closed", None), ("paused", None), ("open", None), refused, refused, ("planning", None), ("announced", None)
    ]  # fmt: skip


def test_pausing_all_waits_for_a_claim_under_way(world: World) -> None:
    batch = begun(world)
    claimed: Noted = []
    assert overlap(world, noting(world, batch, claimed), lambda session: runs.pause_all(session, "wrong set-up")) == []
    assert claimed[0] is not None
    assert not world.transact(lambda session: runs.is_paying(session, TODAY))
