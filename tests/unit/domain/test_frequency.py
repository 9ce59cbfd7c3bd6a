from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import Invalid
from shared.domain.frequency import Code, Frequency, is_frequency, parse_code
from shared.domain.recurrence import Rule

# The pattern of Frequency in OBDomesticStandingOrder3, Open Banking UK Read/Write API v3.1, without NotKnown.
PUBLISHED_PATTERN = re.compile(
    r"^(EvryDay)$|^(EvryWorkgDay)$|^(IntrvlDay:((0[2-9])|([1-2][0-9])|3[0-1]))$|^(IntrvlWkDay:0[1-9]:0[1-7])$"
    r"|^(WkInMnthDay:0[1-5]:0[1-7])$|^(IntrvlMnthDay:(0[1-6]|12|24):(-0[1-5]|0[1-9]|[12][0-9]|3[01]))$"
    r"|^(QtrDay:(ENGLISH|SCOTTISH|RECEIVED))$"
)
EVERY_CODE = {
    *("EvryDay", "EvryWorkgDay", "QtrDay:ENGLISH", "QtrDay:SCOTTISH", "QtrDay:RECEIVED"),
    *(f"IntrvlDay:{days:02}" for days in range(2, 32)),
    *(f"IntrvlWkDay:{weeks:02}:{day:02}" for weeks in range(1, 10) for day in range(1, 8)),
    *(f"WkInMnthDay:{week:02}:{day:02}" for week in range(1, 6) for day in range(1, 8)),
    *(f"IntrvlMnthDay:{months:02}:{day:02}" for months in (1, 2, 3, 4, 5, 6, 12, 24) for day in range(1, 32)),
    *(f"IntrvlMnthDay:{months:02}:-{day:02}" for months in (1, 2, 3, 4, 5, 6, 12, 24) for day in range(1, 6)),
}
KINDS = ["EvryDay", "EvryWorkgDay", "IntrvlDay", "IntrvlWkDay", "WkInMnthDay", "IntrvlMnthDay", "QtrDay"]
NUMBERS = [f"{number:02}" for number in range(41)] + [f"-{number:02}" for number in range(9)]


def test_every_code_of_the_standard_is_a_frequency() -> None:
    assert len(EVERY_CODE) == 5 + 30 + 63 + 35 + 8 * 36
    for code in EVERY_CODE:
        assert PUBLISHED_PATTERN.match(code)
        assert is_frequency(code), code
        Rule(date(2025, 1, 31), code)


def test_no_other_numbers_make_a_code() -> None:
    near = {f"{kind}:{one}" for kind in KINDS for one in [*NUMBERS, "ENGLISH", "SCOTTISH", "RECEIVED", "IRISH"]}
    near |= {f"{kind}:{one}:{two}" for kind in KINDS for one in NUMBERS for two in NUMBERS}
    accepted = {code for code in near if parse_code(code) is not None}
    assert accepted == {code for code in near if PUBLISHED_PATTERN.match(code)}
    assert accepted == EVERY_CODE - {"EvryDay", "EvryWorkgDay"}


@pytest.mark.parametrize(
    "near_miss",
    [
        *("", "hourly", "Monthly", "monthly ", " monthly", "half-yearly", "biweekly", "NotKnown", "ONCE"),
        *("evryday", "EvryDay ", "EvryDay\n", "EvryDay:01", "EveryDay", "EvryWorkingDay", "EvryWorkgDay:05"),
        *("IntrvlDay", "IntrvlDay:", "IntrvlDay:1", "IntrvlDay:01", "IntrvlDay:32", "IntrvlDay:2", "IntrvlDay:002"),
        *("IntrvlDay:٠٢", "IntrvlDay:02:01", "IntrvlDay:-02", "IntrvlDay:02\n", "xIntrvlDay:02", "IntrvlDay: 02"),
        *("IntrvlWkDay:00:01", "IntrvlWkDay:10:01", "IntrvlWkDay:01:00", "IntrvlWkDay:01:08", "IntrvlWkDay:1:3"),
        *("WkInMnthDay:00:01", "WkInMnthDay:06:01", "WkInMnthDay:01:08", "WkInMnthDay:-01:01", "WkInMnthDay:01"),
        *("IntrvlMnthDay:00:01", "IntrvlMnthDay:07:01", "IntrvlMnthDay:11:01", "IntrvlMnthDay:13:01"),
        *("IntrvlMnthDay:01:00", "IntrvlMnthDay:01:32", "IntrvlMnthDay:01:-06", "IntrvlMnthDay:01:-00"),
        *("IntrvlMnthDay:01:-1", "IntrvlMnthDay:01:–01", "IntrvlMnthDay:01", "IntrvlMnthDay:48:01"),
        *("QtrDay", "QtrDay:", "QtrDay:english", "QtrDay:IRISH", "QtrDay:ENGLISH,SCOTTISH", "QtrDay:01"),
    ],
)
def test_a_near_miss_is_refused(near_miss: str) -> None:
    assert not is_frequency(near_miss)
    with pytest.raises(Invalid) as refusal:
        Rule(date(2025, 1, 31), near_miss)
    assert [problem.pointer for problem in refusal.value.problems] == ["/frequency"]


def test_a_refusal_names_what_can_be_chosen() -> None:
    with pytest.raises(Invalid) as refusal:
        Rule(date(2025, 1, 31), "hourly")
    detail = refusal.value.problems[0].detail
    for name in [*Frequency, *KINDS]:
        assert name in detail


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EvryDay", Code("EvryDay")),
        ("EvryWorkgDay", Code("EvryWorkgDay")),
        ("IntrvlDay:15", Code("IntrvlDay", 15)),
        ("IntrvlWkDay:02:03", Code("IntrvlWkDay", 2, 3)),
        ("WkInMnthDay:05:07", Code("WkInMnthDay", 5, 7)),
        ("IntrvlMnthDay:24:31", Code("IntrvlMnthDay", 24, 31)),
        ("IntrvlMnthDay:01:-05", Code("IntrvlMnthDay", 1, -5)),
        ("QtrDay:SCOTTISH", Code("QtrDay", quarter="SCOTTISH")),
        ("monthly", None),
    ],
)
def test_a_code_is_taken_apart(text: str, code: Code | None) -> None:
    assert parse_code(text) == code


@given(code=st.sampled_from(sorted(EVERY_CODE)), at=st.integers(0, 20), typed=st.sampled_from("019-: \nDyA٣"))
@settings(max_examples=200)
def test_a_slip_of_the_key_is_a_code_only_if_the_standard_says_so(code: str, at: int, typed: str) -> None:
    for text in (code[:at] + typed + code[at:], code[:at] + typed + code[at + 1 :], code[:at] + code[at + 1 :]):
        assert (parse_code(text) is not None) == (text in EVERY_CODE)
