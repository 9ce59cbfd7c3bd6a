"""`python -m tests.older_postgres [pytest options]`: what needs a database, again on the oldest PostgreSQL."""

from __future__ import annotations

import os
import sys

import pytest

from deploy.local.binaries import installed_postgres

OLDEST = 15
STATEMENTS = (
    "tests/integration/paydays",
    "tests/integration/calendars",
    "tests/integration/notices",
    *(
        f"tests/integration/sealing/test_{name}.py"
        for name in ("sealing", "verifying", "refusals", "texts", "upgrading")
    ),
    "tests/integration/test_engine.py",
    "tests/integration/test_plans.py",
    "tests/integration/test_schema.py",
    *(
        f"tests/integration/api/test_{name}.py"
        for name in ("cancelling", "creating", "holds", "idempotency", "lists", "pausing", "runs", "updating_schedules")
    ),
)
"""Where every statement is run; the rest is about processes, HTTP and words, which no PostgreSQL changes.

Of a test's cases the first and the last (`tests.selection`): over `paydays` all of them send 434 statements, these 431.
"""


def main(options: list[str]) -> int:
    """pytest's exit status; without that PostgreSQL 0, with CI=true 2."""
    given = os.environ.get("PAYDAY_TEST_PG_BIN")
    folder = given or installed_postgres(OLDEST)
    if folder is None:
        print(
            f"PostgreSQL {OLDEST} was not found: nothing was tested on it. Install it (Debian:"
            f" apt-get install postgresql-{OLDEST}), or set PAYDAY_TEST_PG_BIN to its folder of programs.",
            file=sys.stderr,
        )
        return 2 if os.environ.get("CI") == "true" else 0
    print(f"Again on {folder}:", flush=True)
    os.environ["PAYDAY_TEST_PG_BIN"] = str(folder)
    # A server that is given would be used instead.
    os.environ.pop("DATABASE_URL", None)
    named = any(option.startswith("tests/") for option in options)
    where = () if named else STATEMENTS
    return pytest.main(["-n", "2", "--dist", "loadgroup", "--on-database", *options, *where])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
