"""Processes that begin with what they need already loaded: a test's own bank, a worker that shall die."""

from __future__ import annotations

import multiprocessing
from typing import Final

FORKS: Final = multiprocessing.get_context("forkserver")
"""The one that all tests use: what is loaded before the first fork is named once, for all of them."""
FORKS.set_forkserver_preload(["deploy.local.bank", "deploy.local.receiver", "tests.integration.crashes.dying"])
