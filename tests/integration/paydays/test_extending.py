"""Open-ended and long schedules are kept twelve to eighteen cycles ahead (rules S1, S12)."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import text

from tests.world import World
from worker_service import extend


def test_a_monthly_schedule_starts_with_18_events_and_is_topped_up_when_12_are_left(world: World) -> None:
    schedule = world.schedule(frequency="monthly", start="2026-03-31")
    assert len(world.events(schedule)) == 18
    assert extend.extend_through(world.service, date(2026, 9, 30)) == 0
    assert extend.extend_through(world.service, date(2026, 10, 1)) == 7
    events = world.events(schedule)
    assert [event.sequence for event in events] == list(range(1, 26))
    assert events[-1].nominal_date == date(2028, 3, 31)
    assert extend.extend_through(world.service, date(2026, 10, 1)) == 0


def test_a_daily_schedule_misses_no_day_although_nobody_ran_for_40_days(world: World) -> None:
    schedule = world.schedule(frequency="daily", pay_late=31)
    world.pay()
    world.set_day("2026-04-11")
    for _ in range(2):
        world.pay()
    days = [event.date for event in world.events(schedule)]
    assert days == [date.fromordinal(date(2026, 3, 2).toordinal() + offset) for offset in range(len(days))]
    assert days[-1] >= date(2026, 4, 22)
    missed = [event.date for event in world.events(schedule) if event.status == "missed"]
    assert missed == [day for day in days if date(2026, 3, 2) < day < date(2026, 3, 11)]
    world.assert_paid_once()
    world.assert_books_agree()


def test_a_schedule_that_ends_is_not_extended_past_its_end(world: World) -> None:
    schedule = world.schedule(frequency="daily", count=500)
    assert len(world.events(schedule)) == 18
    for day in range(1, 600, 5):
        extend.extend_through(world.service, date.fromordinal(date(2026, 3, 2).toordinal() + day))
    assert len(world.events(schedule)) == 500


def test_a_schedule_of_400_dates_is_written_whole(world: World) -> None:
    assert len(world.events(world.schedule(frequency="daily", count=400))) == 400


def test_a_cancelled_schedule_is_not_extended(world: World) -> None:
    schedule = world.schedule(frequency="monthly")
    world.cancel(schedule)
    assert extend.extend_through(world.service, date(2030, 1, 1)) == 0
    assert len(world.events(schedule)) == 18


def test_a_schedule_cancelled_while_it_is_being_extended_gets_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = world.schedule(frequency="monthly")
    with world.service.sessions.begin() as cancelling:
        cancelling.execute(text("SELECT 1 FROM schedule WHERE id = :id FOR UPDATE"), {"id": schedule})
        cancelling.execute(
            text("UPDATE schedule SET status = 'cancelled', extend_on = NULL, version = version + 1 WHERE id = :id"),
            {"id": schedule},
        )
        written: list[int] = []
        extending = threading.Thread(
            target=lambda: written.append(extend.extend_through(world.service, date(2027, 1, 1)))
        )
        extending.start()
        _wait_until_blocked(world)
    extending.join()
    assert written == [0]
    assert len(world.events(schedule)) == 18


def test_one_schedule_that_cannot_be_extended_stops_no_other_and_no_run(world: World) -> None:
    broken = world.schedule(payer="broken", frequency="monthly")
    sound = world.schedule(payer="sound", frequency="monthly")
    world.transact(
        lambda session: session.execute(
            text("""UPDATE schedule SET rule = rule || '{"moonPhase": 3}' WHERE id = :id"""), {"id": broken}
        )
    )
    assert extend.extend_through(world.service, date(2026, 12, 1)) > 0
    assert len(world.events(sound)) > 18
    assert len(world.events(broken)) == 18
    world.pay()
    assert world.statuses(sound)[0] == "paid"


def test_two_extenders_at_once_write_each_date_once(world: World) -> None:
    schedules = [world.schedule(payer=f"p{number}", frequency="weekly") for number in range(30)]
    threads = [
        threading.Thread(target=lambda: extend.extend_through(world.worker(), date(2026, 8, 1))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for schedule in schedules:
        sequences = [event.sequence for event in world.events(schedule)]
        assert sequences == list(range(1, len(sequences) + 1))
        assert len(sequences) > 18


def _wait_until_blocked(world: World) -> None:
    """Until somebody waits for a lock: the extender stands before the row that is being cancelled."""
    from deploy.local.processes import wait_for

    def blocked() -> bool:
        return bool(
            world.transact(
                lambda session: session.scalar(
                    text(
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                        " AND datname = current_database()"
                    )
                )
            )
        )

    assert wait_for(blocked, 60)


def test_schedules_that_share_their_dates_get_events_with_their_own_terms(world: World) -> None:
    terms = {f"p{number}": (100 + number, f"payee-{number}") for number in range(5)}
    alike = {
        payer: world.schedule(payer=payer, amount=amount, payee=payee, frequency="monthly", reference=payer)
        for payer, (amount, payee) in terms.items()
    }
    assert extend.extend_through(world.service, date(2026, 9, 3)) == 5 * 7
    for payer, schedule in alike.items():
        events = world.events(schedule)
        assert [event.sequence for event in events] == list(range(1, 26))
        assert {(event.payer_id, event.amount, event.payee_id, event.reference) for event in events} == {
            (payer, *terms[payer], payer)
        }
        assert len({event.id for event in events}) == 25
        assert [event.nominal_date for event in events] == [event.nominal_date for event in world.events(alike["p0"])]


def test_one_that_rests_is_extended_by_paused_events_among_others_that_do_not(world: World) -> None:
    resting, going_on = world.schedules(2, frequency="monthly")
    world.transact(
        lambda session: session.execute(
            text("INSERT INTO pause (id, schedule_id, from_date) VALUES (gen_random_uuid(), :id, '2026-09-01')"),
            {"id": resting},
        )
    )
    assert extend.extend_through(world.service, date(2026, 9, 3)) == 2 * 7
    assert world.statuses(resting)[18:] == ["paused"] * 7
    assert world.statuses(going_on)[18:] == ["scheduled"] * 7


def test_more_schedules_than_one_transaction_takes_are_all_extended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extend, "CHUNK", 2)
    monkeypatch.setattr(extend, "AHEAD", 4)
    schedules = world.schedules(7, frequency="monthly")
    assert extend.extend_through(world.service, date(2026, 9, 3)) == 7 * 7
    assert {len(world.events(schedule)) for schedule in schedules} == {25}
