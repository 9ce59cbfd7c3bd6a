"""`payday services` as a process of its own, for tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

from deploy.local.processes import ChildProcess

REPOSITORY = Path(__file__).parents[3]
READY_SECONDS = 90.0
# The command alone, without the rest of the `payday` script.
SOURCE = """
import argparse, sys
from deploy.cli import services
parser = argparse.ArgumentParser(prog="payday")
services.add_parser(parser.add_subparsers(required=True))
arguments = parser.parse_args(["services", *sys.argv[1:]])
sys.exit(arguments.run(arguments))
"""
GIVEN = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL")


def environment(**given: str) -> dict[str, str]:
    """Ours, with no other servers than those `given`."""
    ours = {name: value for name, value in os.environ.items() if name not in GIVEN}
    return ours | {"PYTHONPATH": str(REPOSITORY)} | given


def services(log_folder: Path, *arguments: str | Path, **given: str) -> ChildProcess:
    """The command, not started; its outputs go to one log."""
    command = [sys.executable, "-c", SOURCE, *arguments]
    return ChildProcess("payday services", command, log_folder / "services.log", env=environment(**given))


def await_ready(child: ChildProcess) -> dict[str, str]:
    """What it exports, once it says `ready`."""
    child.wait_until(lambda: "\nready\n" in child.log_path.read_text(), READY_SECONDS)
    return dict(re.findall(r"^export (\w+)=(.*)$", child.log_path.read_text(), re.MULTILINE))


def run_services(*arguments: str | Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The command where it is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-c", SOURCE, *arguments],
        env=environment(**given),
        capture_output=True,
        text=True,
        timeout=READY_SECONDS,
        check=False,
    )


def processes_of(folder: Path) -> list[int]:
    """The living processes whose command names a path under `folder`."""
    found = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(word.startswith(str(folder)) for word in words):
            found.append(int(command.parent.name))
    return found
