"""What has committed is sealed: late committers, several sealers, a sealer that stands still, and many rows at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from shared.db import audit_chain, audit_rows
from shared.log import configure_logging
from tests.integration.sealing.ledger import Ledger, act
from worker_service import seal
from worker_service.seal import Sealer

MINUTE = 60.0


def positions(ledger: Ledger) -> list[tuple[int, int]]:
    return [(row.position, row.audit_id) for row in ledger.rows("SELECT * FROM audit_seal ORDER BY position")]


def test_rows_are_sealed_in_the_order_of_their_ids(ledger: Ledger) -> None:
    ledger.write(3)
    assert ledger.seal() == 3
    assert ledger.seal() == 0
    assert positions(ledger) == [(1, 1), (2, 2), (3, 3)]
    ledger.assert_sound(3)
    assert ledger.rows("SELECT * FROM audit_waiting") == []


def test_a_row_that_commits_after_later_ones_were_sealed_is_sealed_next(ledger: Ledger) -> None:
    with ledger.service.sessions.begin() as late:
        act(late, 1)
        ledger.write(1)
        assert ledger.seal() == 1
        assert positions(ledger) == [(1, 2)]
        assert ledger.verify().fault is None
    assert ledger.seal() == 1
    assert positions(ledger) == [(1, 2), (2, 1)]
    ledger.assert_sound(2)


def test_a_row_that_is_rolled_back_is_never_sealed(ledger: Ledger) -> None:
    with ledger.service.sessions() as session:
        act(session)
        session.rollback()
    ledger.write(1)
    assert ledger.seal() == 1
    assert positions(ledger) == [(1, 2)]
    ledger.assert_sound(1)


def test_a_transaction_that_lasts_keeps_no_others_from_being_sealed(ledger: Ledger) -> None:
    with ledger.service.sessions.begin() as lasting:
        lasting.execute(text("CREATE TABLE elsewhere (n int)"))
        for _ in range(3):
            ledger.write(2)
            assert ledger.seal() == 2
    assert ledger.rows("SELECT max(sealed_at - at) < interval '1 minute' FROM audit_seal JOIN audit ON id = audit_id")[
        0
    ][0]
    ledger.assert_sound(6)


def test_five_sealers_at_once_make_one_chain(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH", 7)
    others = [Ledger(ledger.service.engine.url.render_as_string(hide_password=False)) for _ in range(4)]
    over, failures = threading.Event(), list[BaseException]()

    def repeat(work: Callable[[], object]) -> None:
        try:
            while not over.is_set():
                work()
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    sealing = [threading.Thread(target=repeat, args=(each.seal,)) for each in (ledger, *others)]
    writing = [threading.Thread(target=lambda each=each: [each.write(3) for _ in range(30)]) for each in others]
    for thread in (*sealing, *writing):
        thread.start()
    for thread in writing:
        thread.join()
    over.set()
    for thread in sealing:
        thread.join()
    ledger.seal()
    for other in others:
        other.close()
    assert failures == []
    ledger.assert_sound(len(others) * 30 * 3)


def test_a_second_sealer_leaves_it_to_the_first(ledger: Ledger) -> None:
    ledger.write(2)
    with ledger.service.sessions.begin() as first:
        step = audit_chain.seal_some(first, after=0, most=10)
        assert step is not None
        assert step.added == 2
        assert ledger.seal() == 0
    ledger.assert_sound(2)


def test_a_sealer_that_stands_still_loses_its_turn(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_chain, "PATIENCE_SECONDS", 1)
    ledger.write(2)
    standing = ledger.service.sessions()
    assert audit_chain.seal_some(standing, after=0, most=10) is not None
    until = time.monotonic() + 10
    while not ledger.seal():
        assert time.monotonic() < until
        time.sleep(0.1)
    ledger.assert_sound(2)
    standing.invalidate()


def test_a_minute_is_enough_for_a_tick_one_that_stands_still_and_the_next() -> None:
    """What a row waits for at most, wherever a worker takes its ticks."""
    assert seal.TICK_SECONDS * 2 + seal.SECONDS + audit_chain.PATIENCE_SECONDS < MINUTE
    assert audit_rows.LATE_SECONDS >= 2 * MINUTE


def test_a_tick_goes_on_until_nothing_waits(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    ledger.write(12_345)
    begun = time.monotonic()
    assert ledger.seal() == 12_345
    with capsys.disabled():
        print(f" [{12_345 / (time.monotonic() - begun):,.0f} rows/s sealed]", end="")
    assert time.monotonic() - begun < MINUTE
    ledger.assert_sound(12_345)
    (row,) = ledger.rows("SELECT max(sealed_at - at) AS behind FROM audit_seal JOIN audit ON id = audit_id")
    assert row.behind.total_seconds() < MINUTE


def test_a_tick_ends_in_its_time_and_the_next_one_goes_on(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH", 10)
    monkeypatch.setattr(seal, "SECONDS", -1.0)
    ledger.write(25)
    assert [ledger.seal() for _ in range(4)] == [10, 10, 5, 0]
    ledger.assert_sound(25)


def test_what_was_sealed_already_is_only_struck_off_the_list(ledger: Ledger) -> None:
    """So it is with a copy that was restored in parts: its triggers note the rows anew."""
    ledger.write(3)
    ledger.seal()
    ledger.write(1)
    ledger.rows("INSERT INTO audit_waiting VALUES (2)")
    assert ledger.seal() == 1
    assert ledger.rows("SELECT * FROM audit_waiting") == []
    ledger.assert_sound(4)


def heads(capsys: pytest.CaptureFixture[str]) -> list[int]:
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line["position"] for line in lines if line["event"] == "audit sealed"]


def test_the_head_is_logged_each_time_it_moved(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "INFO")
    ledger.seal()
    assert heads(capsys) == []
    ledger.write(2)
    ledger.seal()
    ledger.seal()
    assert heads(capsys) == [2]
    ledger.write(1)
    ledger.seal()
    assert heads(capsys) == [3]


def test_a_head_that_a_dead_process_did_not_log_is_logged_by_another(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("json", "INFO")
    ledger.write(2)
    ledger.transact(lambda session: audit_chain.seal_some(session, after=0, most=10))
    Sealer(ledger.service).seal_due()
    assert heads(capsys) == [2]
