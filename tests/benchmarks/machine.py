"""The machine that figures were measured on, without which absolute ones say nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

from deploy.local.account import server_account
from deploy.local.binaries import embedded_postgres, embedded_valkey

PACKAGES = ("celery", "kombu", "psycopg2-binary", "redis", "requests", "sqlalchemy", "urllib3")


def describe() -> dict[str, Any]:
    """Cores, memory in GiB, the processor's name, and the versions of what took part."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    account = server_account()
    versions = {"python": platform.python_version(), "system": platform.platform()}
    versions["postgresql"] = _printed(embedded_postgres(account) / "postgres")
    versions["valkey"] = _printed(embedded_valkey(account))
    versions |= {package: importlib.metadata.version(package) for package in PACKAGES}
    return {"cores": os.cpu_count(), "memory_gib": round(pages / 2**30, 1), "cpu": _processor(), "versions": versions}


def _printed(program: Path) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    names = Path("/proc/cpuinfo")
    lines = names.read_text().splitlines() if names.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
