"""Starting: settings and a database, or a clear word on standard error and an exit status."""

from __future__ import annotations

import sys
from typing import Final, NoReturn

from shared.db.engine import make_engine
from shared.db.readiness import why_unreachable
from shared.settings import Settings, SettingsError, read_settings

WRONG_SETTINGS: Final = 2
NO_DATABASE: Final = 1
CONNECTIONS: Final = 8
"""Of one process, as many as gunicorn gives it threads."""


def settings_or_exit() -> Settings:
    """The settings of this process; what is wrong with them is all said, and the exit status is 2."""
    try:
        return read_settings(needs=frozenset({"DATABASE_URL"}))
    except SettingsError as error:
        refuse(error.problems)


def database_or_exit(settings: Settings) -> None:
    """Returns if the database answers; otherwise says why not, and the exit status is 1."""
    engine = make_engine(settings.database_url, pool_size=1)
    reason = why_unreachable(engine)
    engine.dispose()
    if reason is not None:
        print(f"DATABASE_URL: cannot reach {reason}", file=sys.stderr)
        sys.exit(NO_DATABASE)


def refuse(problems: list[str]) -> NoReturn:
    """Ends the process with what is wrong with its settings."""
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(WRONG_SETTINGS)
