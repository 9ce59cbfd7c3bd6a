"""Workers give way, and what they start does too; none takes back what it was given less of."""

import subprocess
import sys

import pytest

YIELDS = """
import os, subprocess, sys
from worker_service.priority import give_way
os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + int(sys.argv[1]))
before = os.getpriority(os.PRIO_PROCESS, 0)
give_way(int(sys.argv[2]))
print(before, os.getpriority(os.PRIO_PROCESS, 0), flush=True)
subprocess.run([sys.executable, "-c", "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"], check=True)
"""


@pytest.mark.parametrize(("begins_lower_by", "wanted"), [(0, 10), (3, 10), (12, 10), (0, 0)])
def test_a_worker_and_its_pool_run_at_the_priority_that_is_set_or_lower(begins_lower_by: int, wanted: int) -> None:
    command = [sys.executable, "-c", YIELDS, str(begins_lower_by), str(wanted)]
    before, after, inherited = map(int, subprocess.check_output(command, text=True).split())
    assert after == inherited == max(before, wanted)
