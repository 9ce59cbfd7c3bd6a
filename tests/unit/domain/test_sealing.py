"""The bytes of a row of the audit, and the hash over them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.sealing import GENESIS, AuditRow, Seal, canonical, hash_of, seal

ROW = AuditRow(
    41,
    "1764003600.123456",
    "alice",
    "payer-9",
    "event.updated",
    "event",
    "0198c0de-0000-7000-8000-000000000001",
    '{"amount": 2500, "rate": 1.10, "reference": null}',
    '{"amount": 2600, "rate": 1.1, "reference": "Miete – “März” 🏠"}',
    None,
)
GOLDEN = (
    b'["payday audit 1",7,"1764003601.000000",41,"1764003600.123456","alice","payer-9","event.updated","event",'
    b'"0198c0de-0000-7000-8000-000000000001","{\\"amount\\": 2500, \\"rate\\": 1.10, \\"reference\\": null}",'
    b'"{\\"amount\\": 2600, \\"rate\\": 1.1, \\"reference\\": \\"Miete \\u2013 \\u201cM\\u00e4rz\\u201d '
    b'\\ud83c\\udfe0\\"}",null]'
)
AT = "1764003601.000000"
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
ROWS = st.builds(
    AuditRow,
    st.integers(1, 2**63 - 1),
    TEXTS,
    TEXTS,
    TEXTS | st.none(),
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS | st.none(),
    TEXTS | st.none(),
    TEXTS | st.none(),
)


def test_the_bytes_of_a_row_are_these_for_ever() -> None:
    assert canonical(ROW, 7, AT) == GOLDEN


def test_the_hash_is_sha_256_over_the_one_before_and_the_bytes() -> None:
    before = bytes(range(32))
    assert hash_of(before, ROW, 7, AT) == hashlib.sha256(before + GOLDEN).digest()
    assert hash_of(before, ROW, 7, AT).hex() == "cbfcd1080b7a3de2255ab0305d4be62d89916d4fb2c722b8bc2707a230e42364"


def test_a_link_follows_the_one_before_it() -> None:
    first = seal(None, ROW, AT)
    assert first == Seal(1, 41, hash_of(GENESIS, ROW, 1, AT), AT)
    second = seal(first, ROW._replace(id=43), AT)
    assert (second.position, second.audit_id) == (2, 43)
    assert second.hash == hash_of(first.hash, ROW._replace(id=43), 2, AT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"payer_id": None}, {"payer_id": ""}),
        ({"request_id": None}, {"request_id": "null"}),
        ({"before": None}, {"before": "null"}),
        ({"before": None, "after": "{}"}, {"before": "{}", "after": None}),
        ({"actor": "ab", "payer_id": "c"}, {"actor": "a", "payer_id": "bc"}),
        ({"actor": 'a","b', "payer_id": "c"}, {"actor": "a", "payer_id": 'b","c'}),
        ({"actor": "é"}, {"actor": "e\u0301"}),
        ({"actor": "\\u00e9"}, {"actor": "é"}),
        ({"after": '{"n": 1.10}'}, {"after": '{"n": 1.1}'}),
        ({"after": '{"n": 10000000000000001}'}, {"after": '{"n": 10000000000000002}'}),
        ({"id": 41}, {"id": 4}),
    ],
)
def test_rows_that_differ_have_different_bytes(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert canonical(ROW._replace(**one), 1, AT) != canonical(ROW._replace(**other), 1, AT)


def test_the_place_in_the_chain_is_part_of_the_bytes() -> None:
    assert canonical(ROW, 1, AT) != canonical(ROW, 2, AT)
    assert canonical(ROW, 1, AT) != canonical(ROW, 1, "1764003601.000001")


@given(ROWS, ROWS)
def test_no_two_rows_have_the_same_bytes(one: AuditRow, other: AuditRow) -> None:
    assert (canonical(one, 1, AT) == canonical(other, 1, AT)) == (one == other)
    assert canonical(one, 1, AT).isascii()
