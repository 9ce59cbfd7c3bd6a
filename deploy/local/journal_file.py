"""The file that a sandbox server writes before it answers anything."""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn


class JournalRefused(Exception):
    """The journal file cannot be used; the message says why."""


def open_journal(path: Path | None, sandbox: str) -> int:
    """A file to append to, of one process at a time; without a path it has no name and is gone with the process.

    `sandbox`: whose it is, in a word. Raises JournalRefused.
    """
    try:
        if path is None:
            with tempfile.TemporaryFile(prefix=f"sandbox-{sandbox}-") as unnamed:
                file = os.dup(unnamed.fileno())
            fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
            return file
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise JournalRefused(f"{path}: {problem.strerror}") from problem
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        os.close(file)
        raise JournalRefused(f"{path}: another {sandbox} is writing it") from problem
    return file


def stop_unwritten(file: int, whole_bytes: int, sandbox: str, failure: OSError) -> NoReturn:
    """Ends the process of a journal that cannot be written, having answered nothing; the file keeps what is whole."""
    os.ftruncate(file, whole_bytes)
    sys.stderr.write(f"sandbox {sandbox}: the journal cannot be written: {failure}\n")
    sys.stderr.flush()
    os._exit(1)
