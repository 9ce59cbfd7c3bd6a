from __future__ import annotations

import iso4217

from deploy.local.generate_currencies import TABLE_FILE, source_text
from shared.domain.currencies import EXPONENTS


def test_the_table_is_what_iso_4217_says() -> None:
    published = {
        code: int(decimals)
        for code, row in iso4217.raw_table.items()
        if code is not None and (decimals := str(row["CcyMnrUnts"])).isdigit()
    }
    assert published == EXPONENTS


def test_the_committed_file_is_what_the_generator_writes() -> None:
    assert TABLE_FILE.read_text(encoding="utf-8") == source_text()


def test_what_has_no_minor_unit_is_left_out() -> None:
    assert EXPONENTS.keys().isdisjoint({"XAU", "XAG", "XXX", "XTS", "XDR"})
