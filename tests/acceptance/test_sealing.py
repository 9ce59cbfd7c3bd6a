"""A real worker seals what the API audits within a minute, and logs heads that `payday audit verify` reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from deploy.local.processes import wait_for
from tests.acceptance.conftest import StartTown
from tests.town import ROOT

MINUTE = 60.0


@pytest.mark.all
def test_what_is_audited_is_sealed_within_a_minute_and_its_head_is_logged(start_town: StartTown) -> None:
    town = start_town(LOG_FORMAT="json")
    api = town.api()
    worker, _ = town.worker(), town.beat()
    for number in range(5):
        api.schedule(f"payer-{number}")
    begun = time.monotonic()
    assert wait_for(lambda: len(town.rows("SELECT FROM audit_seal")) >= 5, MINUTE), town.describe()
    assert time.monotonic() - begun < MINUTE
    (late,) = town.rows("SELECT max(sealed_at - at) AS seconds FROM audit_seal JOIN audit ON id = audit_id")
    assert late.seconds.total_seconds() < MINUTE
    assert wait_for(lambda: '"audit sealed"' in worker.log_path.read_text(), MINUTE), town.describe()

    command = [sys.executable, "-m", "deploy.cli", "audit", "verify", "--json", "--heads", str(worker.log_path)]
    environment = {**os.environ, "DATABASE_URL": town.environment["DATABASE_URL"]}
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    found = json.loads(finished.stdout)
    assert (finished.returncode, found["sound"]) == (0, True)
    assert found["headsCompared"] >= 1
    assert found["checked"] >= 5
