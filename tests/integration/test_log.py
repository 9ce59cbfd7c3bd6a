"""What libraries log of the database's errors names nobody."""

import json
import re
import subprocess
import sys

QUOTING = re.compile("Failing row|DETAIL: |HINT: |CONTEXT: |=\\(canary")
SCRIPT = """
import logging, sys, traceback
from sqlalchemy import text
from shared.db.engine import make_engine
from shared.log import configure_logging
configure_logging(sys.argv[2], "INFO")
log = logging.getLogger("celery.app.trace")
for statement in (
    "INSERT INTO audit SELECT NULL",
    "CREATE TEMP TABLE t (payer text PRIMARY KEY); INSERT INTO t VALUES ('canary'), ('canary')",
    "DO $$ BEGIN RAISE EXCEPTION 'refused' USING DETAIL = 'canary', HINT = 'canary'; END $$",
    "CREATE TEMP TABLE t (payer text CHECK (payer = 'x')); INSERT INTO t VALUES ('canary')",
):
    try:
        with make_engine(sys.argv[1]).begin() as connection:
            connection.execute(text(statement))
    except Exception as error:
        log.error("raised unexpected: %r, %s", error, "".join(traceback.format_exception(error)))
        log.exception("and again")
"""


def logged(database_url: str, form: str) -> str:
    url = database_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, url, form], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stderr


def test_rows_that_the_database_quotes_are_cut(database_url: str) -> None:
    lines = [json.loads(line) for line in logged(database_url, "json").splitlines()]
    assert len(lines) == 8
    assert [line for line in lines if QUOTING.search(str(line))] == []
    check = str(lines[-1])
    assert "CheckViolation" in check
    assert "t_payer_check" in check
    assert "Traceback" in check


def test_rows_are_cut_for_people_as_well(database_url: str) -> None:
    text = logged(database_url, "console")
    assert "t_payer_check" in text
    assert not QUOTING.search(text)
