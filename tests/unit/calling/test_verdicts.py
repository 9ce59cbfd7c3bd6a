"""What a receiver's answers mean."""

from __future__ import annotations

from email.message import Message

import pytest

from worker_service.calling.reply import Failure, Reply
from worker_service.receiver import Verdict, VerdictKind, judge


def answer(status: int, **headers: str) -> Reply:
    found = Message()
    for name, value in headers.items():
        found[name.replace("_", "-")] = value
    return Reply(status, found, b"")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_success_is_acceptance(status: int) -> None:
    assert judge(answer(status)).kind is VerdictKind.ACCEPTED


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 401, 403, 404, 413, 422, 499])
def test_redirects_and_refusals_are_this_bodys(status: int) -> None:
    assert judge(answer(status, Location="http://127.0.0.1/")) == Verdict(VerdictKind.REFUSED, str(status))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_meets_everybody_is_trouble(status: int) -> None:
    assert judge(answer(status)) == Verdict(VerdictKind.TROUBLE, str(status))


def test_gone_is_gone() -> None:
    assert judge(answer(410)) == Verdict(VerdictKind.GONE, "410 gone")


def test_how_long_it_asks_to_be_left_alone_is_heard_up_to_a_day() -> None:
    assert judge(answer(429, Retry_After="7200")).retry_after_seconds == 7200
    assert judge(answer(503, Retry_After="9999999")).retry_after_seconds == 86_400
    assert judge(answer(503, Retry_After="Fri, 25 Dec 2026 13:00:00 GMT", Date="Fri, 25 Dec 2026 12:00:00 GMT")) == (
        Verdict(VerdictKind.TROUBLE, "503", 3600)
    )


def test_no_answer_is_trouble_and_says_how_far_it_came() -> None:
    assert judge(Failure(sent=True, reason="time-out")) == Verdict(VerdictKind.TROUBLE, "time-out")
    assert judge(Failure(sent=False, reason="address not allowed")).reason == "not reached: address not allowed"
