"""Each way to tamper with the audit is named with the row that it hit first; each is a negative control."""

from __future__ import annotations

import pytest

from shared.domain.chain import Fault, FaultKind, Head
from shared.verification import Verdict
from tests.integration.sealing.ledger import Ledger


@pytest.fixture
def sealed(ledger: Ledger) -> Ledger:
    """Rows 1 to 9 at the positions 1 to 9."""
    ledger.write(9)
    ledger.seal()
    ledger.assert_sound(9)
    return ledger


COLUMNS = {
    "at": "at + interval '1 microsecond'",
    "actor": "'mallory'",
    "payer_id": "NULL",
    "action": "'event.skipped'",
    "subject": "'schedule'",
    "subject_id": "'5 '",
    "before": "NULL",
    "after": "jsonb_set(after, '{amount}', '6.0')",
    "request_id": "''",
}


def test_every_column_is_one_of_these(sealed: Ledger) -> None:
    names = sealed.rows("SELECT column_name FROM information_schema.columns WHERE table_name = 'audit'")
    assert {row.column_name for row in names} == {"id", *COLUMNS}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_row_is_named(sealed: Ledger, column: str) -> None:
    sealed.tamper(f"UPDATE audit SET {column} = {COLUMNS[column]} WHERE id = 5")
    assert sealed.fault() == Fault(FaultKind.CHANGED, 5, 5, "it is not what was sealed")


def test_the_newest_row_that_was_changed_is_named(sealed: Ledger) -> None:
    sealed.tamper("UPDATE audit SET actor = 'mallory' WHERE id = 9")
    assert sealed.fault()[:3] == (FaultKind.CHANGED, 9, 9)


@pytest.mark.parametrize("row", [1, 5, 9])
def test_a_removed_row_is_named(sealed: Ledger, row: int) -> None:
    sealed.tamper("DELETE FROM audit WHERE id = :row", row=row)
    assert sealed.fault()[:3] == (FaultKind.REMOVED, row, row)


def test_a_row_under_another_id_is_named_by_the_one_it_had(sealed: Ledger) -> None:
    sealed.tamper("UPDATE audit SET id = DEFAULT WHERE id = 5")
    assert sealed.fault()[:3] == (FaultKind.REMOVED, 5, 5)


def test_two_rows_that_changed_places_are_named_by_the_first(sealed: Ledger) -> None:
    sealed.tamper(
        "UPDATE audit a SET actor = o.actor, after = o.after FROM audit o WHERE (a.id, o.id) IN ((4, 7), (7, 4))"
    )
    assert sealed.fault()[:3] == (FaultKind.CHANGED, 4, 4)


@pytest.mark.parametrize("change", ["hash = sha256('other')", "hash = sha256(hash)"])
def test_a_changed_seal_is_named(sealed: Ledger, change: str) -> None:
    sealed.tamper(f"UPDATE audit_seal SET {change} WHERE position = 5")
    assert sealed.fault() == Fault(FaultKind.SEAL_CHANGED, 5, 5, "the row is right, its seal was changed")


def test_a_seal_with_another_time_is_named(sealed: Ledger) -> None:
    sealed.tamper("UPDATE audit_seal SET sealed_at = sealed_at - interval '1 second' WHERE position = 5")
    assert sealed.fault()[:3] == (FaultKind.CHANGED, 5, 5)


@pytest.mark.parametrize("position", [1, 5])
def test_a_removed_seal_is_named_with_its_row(sealed: Ledger, position: int) -> None:
    sealed.tamper("DELETE FROM audit_seal WHERE position = :position", position=position)
    assert sealed.fault()[:3] == (FaultKind.SEAL_REMOVED, position, position)


def test_a_row_that_was_removed_with_its_seal_is_named_by_its_place(sealed: Ledger) -> None:
    sealed.tamper("WITH row AS (DELETE FROM audit WHERE id = 5) DELETE FROM audit_seal WHERE audit_id = 5")
    fault = sealed.fault()
    assert fault[:3] == (FaultKind.SEAL_REMOVED, 5, None)
    assert "between rows 4 and 6" in fault.detail


def test_a_row_that_was_removed_and_the_places_closed_up_is_named_by_its_place(sealed: Ledger) -> None:
    sealed.tamper("WITH row AS (DELETE FROM audit WHERE id = 5) DELETE FROM audit_seal WHERE audit_id = 5")
    for position in range(6, 10):
        sealed.tamper("UPDATE audit_seal SET position = position - 1 WHERE position = :p", p=position)
    assert sealed.fault()[:3] == (FaultKind.CHANGED, 5, 6)


def test_rows_that_were_cut_off_while_their_seals_stand_are_named_by_the_first(sealed: Ledger) -> None:
    sealed.tamper("DELETE FROM audit WHERE id > 6")
    assert sealed.fault()[:3] == (FaultKind.REMOVED, 7, 7)


def test_a_seal_that_was_cut_off_while_its_row_stands_is_named(sealed: Ledger) -> None:
    sealed.tamper("DELETE FROM audit_seal WHERE position = 9")
    assert sealed.fault() == Fault(FaultKind.NEVER_SEALED, None, 9, "it has no seal, and does not wait for one")


CUT = "WITH row AS (DELETE FROM audit WHERE id > 6) DELETE FROM audit_seal WHERE audit_id > 6"


def test_a_cut_of_both_is_seen_with_a_head_that_was_noted_only(sealed: Ledger) -> None:
    head = sealed.head()
    sealed.tamper(CUT)
    sealed.assert_sound(6)
    fault = sealed.fault([head])
    assert fault[:3] == (FaultKind.CUT_OFF, 7, None)
    assert "the last one left is row 6, at position 6" in fault.detail


def test_a_cut_is_seen_also_when_new_rows_took_the_places(sealed: Ledger) -> None:
    head = sealed.head()
    sealed.tamper(CUT)
    sealed.write(5)
    sealed.seal()
    sealed.assert_sound(11)
    assert sealed.fault([head])[:3] == (FaultKind.REWRITTEN, 9, None)


def test_a_chain_that_was_written_anew_is_seen_with_the_heads_that_were_noted(sealed: Ledger) -> None:
    noted = []
    for _ in range(3):
        sealed.write(1)
        sealed.seal()
        noted.append(sealed.head())
    sealed.tamper("UPDATE audit SET actor = 'mallory' WHERE id = 11")
    sealed.tamper("DELETE FROM audit_seal WHERE position >= 11")
    sealed.rows("INSERT INTO audit_waiting VALUES (11), (12)")
    sealed.seal()
    sealed.assert_sound(12)
    fault = sealed.fault(noted)
    assert fault[:3] == (FaultKind.REWRITTEN, 11, None)
    assert "after position 10" in fault.detail


def test_heads_that_the_chain_had_are_counted_and_right(sealed: Ledger) -> None:
    noted = [sealed.head()]
    sealed.write(1)
    sealed.seal()
    noted.append(sealed.head())
    verdict = sealed.verify(noted)
    assert (verdict.fault, verdict.heads, verdict.checked) == (None, 2, 10)
    assert sealed.fault([*noted, Head(9, bytes(32))])[:2] == (FaultKind.REWRITTEN, 9)


def test_a_row_that_was_slipped_in_past_the_list_is_named(sealed: Ledger) -> None:
    sealed.tamper("INSERT INTO audit (actor, action, subject, subject_id) VALUES ('mallory', 'a', 'b', 'c')")
    assert sealed.fault()[:3] == (FaultKind.NEVER_SEALED, None, 10)


def test_a_row_that_was_removed_before_it_was_sealed_is_named(sealed: Ledger) -> None:
    sealed.write(2)
    sealed.tamper("DELETE FROM audit WHERE id = 10")
    assert sealed.seal() == 1
    assert sealed.fault()[:3] == (FaultKind.REMOVED_UNSEALED, None, 10)


def test_rows_that_wait_for_a_moment_are_no_fault(sealed: Ledger) -> None:
    sealed.write(4)
    verdict = sealed.verify()
    assert (verdict.fault, verdict.checked, verdict.waiting) == (None, 9, 4)
    assert verdict.seconds is not None
    assert verdict.seconds < 60


def test_rows_that_wait_too_long_are_a_fault_that_says_how_many_and_since_when(sealed: Ledger) -> None:
    sealed.write(4)
    sealed.tamper("UPDATE audit_waiting SET since = since - interval '5 minutes' WHERE audit_id = 11")
    fault = sealed.fault()
    assert fault[:3] == (FaultKind.LATE, None, 10)
    assert "3 others are not sealed yet, for 300 s" in fault.detail


def test_a_row_waits_since_it_was_noted_however_old_it_is(sealed: Ledger) -> None:
    sealed.rows(
        "INSERT INTO audit (at, actor, action, subject, subject_id)"
        " VALUES (now() - interval '1 year', 'a', 'b', 'c', 'd')"
    )
    verdict = sealed.verify()
    assert (verdict.fault, verdict.waiting) == (None, 1)
    assert verdict.seconds is not None
    assert verdict.seconds < 60


LOWEST, HIGHEST = -(2**63), 2**63 - 1


@pytest.mark.parametrize("chosen", [LOWEST, -1, 0, 2**62, HIGHEST])
def test_a_row_that_was_slipped_in_under_an_id_of_ones_choice_is_named(sealed: Ledger, chosen: int) -> None:
    sealed.tamper(
        "INSERT INTO audit (id, actor, action, subject, subject_id) OVERRIDING SYSTEM VALUE"
        " VALUES (CAST(:chosen AS bigint), 'mallory', 'a', 'b', 'c')",
        chosen=chosen,
    )
    assert sealed.fault()[:3] == (FaultKind.NEVER_SEALED, None, chosen)


@pytest.mark.parametrize("chosen", [LOWEST, 0, HIGHEST])
def test_a_row_with_an_id_of_ones_choice_is_sealed_like_any_other(sealed: Ledger, chosen: int) -> None:
    sealed.rows(
        "INSERT INTO audit (id, actor, action, subject, subject_id) OVERRIDING SYSTEM VALUE"
        " VALUES (CAST(:chosen AS bigint), 'a', 'a', 'b', 'c')",
        chosen=chosen,
    )
    assert sealed.seal() == 1
    sealed.assert_sound(10)


def test_an_empty_audit_is_sound_and_says_so(ledger: Ledger) -> None:
    assert ledger.verify() == Verdict(None, 0, None, 0, 0, None)


def test_a_chain_longer_than_a_page_is_followed_from_page_to_page(
    sealed: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.verification.PAGE", 4)
    monkeypatch.setattr("shared.verification.RANGE", 4)
    sealed.assert_sound(9)
    sealed.tamper("UPDATE audit SET actor = 'mallory' WHERE id = 8")  # the last of a page: what follows is on the next
    assert sealed.fault() == Fault(FaultKind.CHANGED, 8, 8, "it is not what was sealed")
    sealed.tamper("UPDATE audit SET actor = 'alice' WHERE id = 8")
    sealed.tamper("DELETE FROM audit_seal WHERE position = 6")
    assert sealed.fault()[:3] == (FaultKind.SEAL_REMOVED, 6, 6)
