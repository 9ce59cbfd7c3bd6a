"""A real browser without a screen, that can reach this machine and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

OPTIONS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-pings",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--enable-logging=stderr",
    "--virtual-time-budget=10000",
)
OWN: Final = frozenset({"accounts.google.com", "clients2.google.com", "update.googleapis.com", "www.google.com"})
"""Whom the browser itself asks for newer versions of its parts, whatever the page."""

SECONDS_MOST: Final = 60


@dataclass(frozen=True)
class Visit:
    """What a page became, said on its console, and asked for."""

    page: str
    console: list[str]
    hosts: set[str]


def visit(url: str, folder: Path) -> Visit:
    """Opens a page and waits until its scripts are done."""
    log = folder / "net.json"
    command = [_program(), *OPTIONS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", "--dump-dom", url]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MOST, check=True)
    console = [line for line in finished.stderr.splitlines() if ":CONSOLE" in line]
    return Visit(finished.stdout, console, _hosts(log.read_text("utf-8")) - OWN)


def _program() -> str:
    program = os.environ.get("PAYDAY_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    return program


def _hosts(log: str) -> set[str]:
    """Whom the browser asked for anything, answered or not."""
    urls = re.findall(r'"url":("(?:https?|wss?)://[^"]+")', log)
    return {urlsplit(json.loads(url)).netloc for url in urls}
