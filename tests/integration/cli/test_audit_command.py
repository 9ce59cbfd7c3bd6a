"""`payday audit verify`: what an operator is told, and with which exit status."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.audit_report import TITLES
from deploy.local.ports import free_port
from shared.domain.chain import FaultKind
from shared.log import configure_logging
from tests.integration.cli.command import Finished, Payday, assert_refused
from tests.integration.sealing.ledger import Ledger

Verify = Callable[..., Finished]


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """Five sealed rows."""
    ledger = Ledger(database_url)
    ledger.write(5)
    ledger.seal()
    yield ledger
    ledger.close()


@pytest.fixture
def verify(payday_inside: Payday, database_url: str) -> Verify:
    return lambda *words: payday_inside("audit", "verify", *words, DATABASE_URL=database_url)


def found(finished: Finished, status: int) -> dict[str, Any]:
    assert (finished.returncode, finished.stderr) == (status, "")
    answer: dict[str, Any] = json.loads(finished.stdout)
    assert answer["sound"] == (status == 0)
    return answer


def test_a_sound_audit_ends_with_0_and_says_its_head(ledger: Ledger, verify: Verify) -> None:
    head = ledger.head()
    finished = verify()
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.splitlines() == [
        "the audit is sound: 5 rows are what was sealed",
        f"the chain ends at 5:{head.hash.hex()}",
        "no head was compared: a cut off the end would not be seen; see --head and --heads",
    ]


def test_programs_get_one_object(ledger: Ledger, verify: Verify) -> None:
    ledger.write(2)
    head = ledger.head()
    answer = found(verify("--json", "--head", f"5:{head.hash.hex()}"), 0)
    assert answer["checked"] == 5
    assert answer["headsCompared"] == 1
    assert answer["fault"] is None
    assert (answer["head"]["position"], answer["head"]["hash"]) == (5, head.hash.hex())
    assert answer["head"]["sealedAt"].endswith("Z")
    assert answer["waiting"]["count"] == 2


def test_a_touched_row_ends_with_1_and_is_named_with_what_to_do(ledger: Ledger, verify: Verify) -> None:
    ledger.tamper("UPDATE audit SET actor = 'mallory' WHERE id = 3")
    finished = verify()
    assert finished.returncode == 1
    first, row, position, said, to_do, *_ = finished.stdout.splitlines()
    assert first == "THE AUDIT IS NOT SOUND: a row was changed"
    assert (row.split(), position.split()) == (["row", "3"], ["position", "3"])
    assert said.endswith("it is not what was sealed")
    assert "change nothing" in to_do
    answer = found(verify("--json"), 1)
    assert (answer["fault"]["kind"], answer["fault"]["auditId"], answer["fault"]["position"]) == ("changed", 3, 3)
    assert answer["checked"] == 2


def test_a_cut_is_found_with_a_head_given_by_hand(ledger: Ledger, verify: Verify) -> None:
    head = ledger.head()
    ledger.tamper("WITH row AS (DELETE FROM audit WHERE id > 3) DELETE FROM audit_seal WHERE audit_id > 3")
    assert verify().returncode == 0
    answer = found(verify("--json", "--head", f"5:{head.hash.hex()}"), 1)
    assert (answer["fault"]["kind"], answer["fault"]["position"]) == ("cut_off", 4)


@pytest.fixture
def log_of_workers(ledger: Ledger, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Path:
    """What the workers really logged while ten more rows were sealed, with the lines of other programs in it."""
    configure_logging("json", "INFO")
    capsys.readouterr()
    for _ in range(5):
        ledger.write(2)
        ledger.seal()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5
    path = tmp_path / "workers.log"
    noise = ['{"event": "tick"}', "audit sealed {", "not JSON", '{"event": "other", "reason": "audit sealed"}', "\xff"]
    path.write_bytes("\n".join([*lines[:3], *noise, *(f"Nov 20 worker[7]: {line}" for line in lines[3:])]).encode())
    return path


def test_heads_are_read_out_of_the_workers_log(ledger: Ledger, verify: Verify, log_of_workers: Path) -> None:
    assert found(verify("--json", "--heads", str(log_of_workers)), 0)["headsCompared"] == 5
    ledger.tamper("WITH row AS (DELETE FROM audit WHERE id > 8) DELETE FROM audit_seal WHERE audit_id > 8")
    assert found(verify("--json"), 0)["headsCompared"] == 0
    answer = found(verify("--json", "--heads", str(log_of_workers)), 1)
    assert (answer["fault"]["kind"], answer["fault"]["position"]) == ("cut_off", 9)
    assert "THE AUDIT IS NOT SOUND: rows were cut off the end" in verify("--heads", str(log_of_workers)).stdout


def test_several_logs_are_read(ledger: Ledger, verify: Verify, log_of_workers: Path) -> None:
    twice = ["--heads", str(log_of_workers)] * 2
    assert found(verify("--json", *twice, "--head", f"15:{ledger.head().hash.hex()}"), 0)["headsCompared"] == 11


@pytest.mark.parametrize("head", ["", "5", "5:", "x:00", "0:" + "0" * 64, "5:" + "0" * 63, "-1:" + "0" * 64, "5:zz"])
def test_a_head_that_is_none_ends_with_2(verify: Verify, head: str) -> None:
    finished = verify("--head", head)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert "--head: " in finished.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("", "holds no head"),
        ('{"event": "tick"}\n', "LOG_FORMAT=json"),
        ('{"event": "audit sealed", "position": 5}\n', "line 1: its position and hash are no head"),
        ('{"event": "audit sealed", "position": "5", "hash": "00"}\n', "line 1"),
    ],
)
def test_a_log_without_heads_ends_with_2(
    ledger: Ledger, verify: Verify, tmp_path: Path, content: str | None, said: str
) -> None:
    path = tmp_path / "log"
    if content is not None:
        path.write_text(content)
    assert_refused(verify("--heads", str(path)), "--heads: ", said)


def test_without_a_database_it_ends_with_2(payday_inside: Payday) -> None:
    url = f"postgresql://payday@127.0.0.1:{free_port()}/payday"
    assert_refused(payday_inside("audit", "verify", DATABASE_URL=url), "no database answers")


def test_a_database_without_the_schema_ends_with_2(payday_inside: Payday, empty_database_url: str) -> None:
    assert_refused(payday_inside("audit", "verify", DATABASE_URL=empty_database_url), "payday db upgrade")


def test_a_database_that_fails_meanwhile_ends_with_2(ledger: Ledger, verify: Verify) -> None:
    ledger.rows("ALTER TABLE audit_seal RENAME TO elsewhere")
    assert_refused(verify(), "the database failed: ")


def test_on_a_terminal_it_counts(
    ledger: Ledger, verify: Verify, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shared.verification.PAGE", 2)
    monkeypatch.setattr("deploy.cli.audit.TOLD_EVERY_SECONDS", -1.0)
    assert verify().stderr == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "4 rows are sound so far" in verify().stderr


def test_every_fault_has_its_title() -> None:
    assert set(TITLES) == set(FaultKind)
