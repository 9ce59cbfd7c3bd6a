"""What PostgreSQL shows of a row is the same for ever, in every version, session and copy: the hash rests on it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import audit_rows
from shared.domain.sealing import AuditRow, canonical
from tests.integration.sealing.ledger import Ledger

ODD = r"""
{"zz": 1, "b": [1.10, 1.1, 1E3, -0.0, 123456789012345678901234567890.000000000000000000000000000001, 1e-7],
 "aaa": {"é": "“März” 🏠 \u00e9 \" \\ \/ \b\f\n\r\t\u001f", "": null}, "a": [true, [], {}], "a": "the last counts"}
"""
SHOWN = (
    '{"a": "the last counts", "b": [1.10, 1.1, 1000, 0.0, '
    "123456789012345678901234567890.000000000000000000000000000001, 0.0000001], "
    '"zz": 1, "aaa": {"": null, "é": "“März” 🏠 é \\" \\\\ / \\b\\f\\n\\r\\t\\u001f"}}'
)
WRITE = text("""
INSERT INTO audit (at, actor, action, subject, subject_id, before, after, payer_id, request_id)
VALUES ('2026-11-20T12:00:00.000001+05:30', E'a\\u0001 “b”\n', 'x', '', 'null', CAST(:odd AS jsonb), 'null', NULL, '')
""")
ROW = AuditRow(1, "1795156200.000001", "a\x01 “b”\n", None, "x", "", "null", SHOWN, "null", "")
GOLDEN = (
    b'["payday audit 1",1,"0.000000",1,"1795156200.000001","a\\u0001 \\u201cb\\u201d\\n",null,"x","","null",'
    b'"{\\"a\\": \\"the last counts\\", \\"b\\": [1.10, 1.1, 1000, 0.0, '
    b'123456789012345678901234567890.000000000000000000000000000001, 0.0000001], \\"zz\\": 1, \\"aaa\\": '
    b'{\\"\\": null, \\"\\u00e9\\": \\"\\u201cM\\u00e4rz\\u201d \\ud83c\\udfe0 \\u00e9 \\\\\\" \\\\\\\\ / '
    b'\\\\b\\\\f\\\\n\\\\r\\\\t\\\\u001f\\"}}","null",""]'
)


def write(ledger: Ledger) -> None:
    ledger.transact(lambda session: session.execute(WRITE, {"odd": ODD}))


def test_a_row_with_everything_odd_has_these_bytes(ledger: Ledger) -> None:
    write(ledger)
    shown = ledger.transact(lambda session: audit_rows.rows(session, [1]))
    assert shown == {1: ROW}
    assert canonical(shown[1], 1, "0.000000") == GOLDEN


@pytest.mark.parametrize(
    "setting",
    [
        "timezone = 'Asia/Kolkata'",
        "datestyle = 'SQL, DMY'",
        "intervalstyle = 'iso_8601'",
        "extra_float_digits = -15",
        "escape_string_warning = off",
        "bytea_output = 'escape'",
    ],
)
def test_no_setting_of_a_session_changes_what_is_shown(ledger: Ledger, setting: str) -> None:
    write(ledger)
    ledger.seal()

    def work(session: Session) -> None:
        before = audit_rows.seals(session, after=0, most=9)
        session.execute(text(f"SET LOCAL {setting}"))
        assert audit_rows.rows(session, [1]) == {1: ROW}
        assert audit_rows.seals(session, after=0, most=9) == before

    ledger.transact(work)


def test_the_farthest_times_are_shown_and_sealed(ledger: Ledger) -> None:
    for at in ("infinity", "-infinity", "4713-01-01 BC", "294276-12-31"):
        ledger.rows("INSERT INTO audit (at, actor, action, subject, subject_id) VALUES (:at, '', '', '', '')", at=at)
    assert ledger.seal() == 4
    verdict = ledger.verify()
    assert (verdict.fault, verdict.checked) == (None, 4)
