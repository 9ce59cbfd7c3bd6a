"""Codes are for programs: each that the code can answer is written in the document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from api_service.openapi import DESCRIPTION
from api_service.refusals import REFUSALS

ROOT: Final = Path(__file__).parents[2]
CODE: Final = re.compile(r'code="(\w+)"|^    code = "(\w+)"|Problem\(\s*\d{3},\s*"(\w+)"', re.MULTILINE)
ELSEWHERE: Final = {
    "refused": "of no error itself, but of what they have in common",
    "not_allowed": "of no error itself: each of them says what is not allowed",
    "date_passed": "of the command line",
    "not_ready": "of /readyz, which is for those who run the service",
}


def test_every_code_is_written_in_the_document() -> None:
    written = {code for refusal in REFUSALS.values() for code in refusal.codes} | set(
        re.findall(r"`(\w+)`", DESCRIPTION)
    )
    used = {code for code in _used() if code not in ELSEWHERE}
    assert used - written == set()


def _used() -> set[str]:
    files = [file for folder in ("api_service", "shared") for file in (ROOT / folder).rglob("*.py")]
    return {next(filter(None, found)) for file in files for found in CODE.findall(file.read_text("utf-8"))}
