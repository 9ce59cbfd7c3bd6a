"""`payday preview`: one body in, its answer out, without a server or a setting."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.command import REPOSITORY, Finished, Payday, assert_refused, payday

LAST_WORKING_DAY = {
    "amount": "25.00",
    "currency": "GBP",
    "startDate": "2026-12-31",
    "frequency": "IntrvlMnthDay:01:-01",
    "dayConvention": "following",
}
Preview = Callable[..., Finished]


@pytest.fixture
def preview(payday_inside: Payday, monkeypatch: pytest.MonkeyPatch) -> Preview:
    """The command with a body on its standard input."""

    def call(body: object, *words: str, **settings: str) -> Finished:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return payday_inside("preview", *words, **settings)

    return call


def answered(finished: Finished) -> Any:
    assert (finished.returncode, finished.stderr) == (0, "")
    return json.loads(finished.stdout)


@pytest.mark.parametrize("words", [[], ["-"]])
def test_a_body_on_standard_input_is_answered_with_its_sentence_and_dates(preview: Preview, words: list[str]) -> None:
    answer = answered(preview({**LAST_WORKING_DAY, "limit": 2}, *words))
    assert answer == {
        "description": "£25.00 on the last working day of every month from 31 December 2026 until cancelled",
        "events": [
            {"sequence": 1, "nominalDate": "2026-12-31", "date": "2026-12-31", "amount": "25.00", "shift": None},
            {
                "sequence": 2, "nominalDate": "2027-01-31", "date": "2027-01-29", "amount": "25.00",
                "shift": {"rule": "preceding", "reason": "Sunday"},
            },
        ],
    }  # fmt: skip


def test_a_file_is_read_by_a_process_without_any_setting(tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps({"startDate": "2026-04-03", "frequency": "once", "dayConvention": "following"}))
    answer = answered(payday("preview", str(file)))
    assert answer["events"][0]["shift"] == {"rule": "following", "reason": "Good Friday"}
    assert answer["events"][0]["date"] == "2026-04-07"


def test_a_terminal_without_a_pound_sign_still_gets_json(tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(LAST_WORKING_DAY))
    finished = payday("preview", str(file), PYTHONIOENCODING="ascii")
    assert finished.stdout.isascii()
    assert answered(finished)["description"].startswith("£25.00")


def test_past_dates_are_no_more_late_than_others(preview: Preview) -> None:
    body = {"startDate": "2000-01-01", "frequency": "yearly", "dayConvention": "preceding", "limit": 1}
    assert answered(preview(body))["events"][0]["date"] == "1999-12-30"  # the Friday was the millennium's holiday


def test_the_settings_of_the_shell_are_not_asked(preview: Preview) -> None:
    answered(preview(LAST_WORKING_DAY, MAX_AMOUNT="none", DATABASE_URL="nowhere"))


def test_everything_that_is_wrong_is_named_by_its_pointer(preview: Preview) -> None:
    body = {**LAST_WORKING_DAY, "amount": "25.001", "endDate": "2026-12-01", "limit": 401, "calendar": "Mars", "x": 1}
    assert_refused(
        preview(body),
        "/amount: has 3 decimals; GBP has 2",
        "/endDate: lies before the start date, 2026-12-31",
        "/limit: must be a whole number from 1 to 400",
        "/calendar: must be weekends, an ISO 3166 code",
        "/x: is not a known field",
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"limit": 1, "limit": 2}', "the same name twice"),
        (b"\xff", "not UTF-8"),
        (b"[" * 60_000, "nested too deeply"),
        (b" " * 70_000, "larger than 64 KiB"),
        (b"[]", "the body: must be a JSON object"),
    ],
)
def test_what_is_no_body_is_refused(preview: Preview, content: bytes, words: str) -> None:
    assert_refused(preview(content), words)


@pytest.mark.parametrize("file", ["nowhere/body.json", str(REPOSITORY)])
def test_a_file_that_cannot_be_read_is_named(preview: Preview, file: str) -> None:
    assert_refused(preview(b"", file), f"{file}: ", "name a file with one JSON body")


def test_a_rule_without_a_date_is_refused(preview: Preview) -> None:
    body = {"startDate": "2026-12-02", "endDate": "2026-12-30", "frequency": "IntrvlMnthDay:01:31"}
    assert_refused(preview(body), "/endDate: gives no date")


def test_help_says_what_it_reads(preview: Preview) -> None:
    finished = preview(b"", "--help")
    assert finished.returncode == 0
    assert "POST /v1/schedules/preview" in finished.stdout
