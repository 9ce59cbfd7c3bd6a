"""The embedded servers that Payday needs, together."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from deploy.local.account import server_account
from deploy.local.folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.local.valkey import Valkey

DATABASE, BROKER, CACHE = "DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"
NAMES = (DATABASE, BROKER, CACHE)
DATABASE_NAME = "payday"


class LocalServers:
    """Starts each server that `given` (an environment) does not name; a context manager.

    `postgres`, `broker` and `cache` are None when they were given. `on_progress` is told what happens.
    `settings` are PostgreSQL's, for a machine that it has more of.
    """

    def __init__(
        self,
        data_dir: Path,
        given: Mapping[str, str],
        on_progress: Callable[[str], None] = lambda _: None,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.postgres: Postgres | None = None
        self.broker: Valkey | None = None
        self.cache: Valkey | None = None
        self._given = {name: given[name] for name in NAMES if given.get(name)}
        self._folder = DataFolder(data_dir, server_account())
        self._on_progress = on_progress
        self._settings = settings

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start what is missing. Raises LocalServerError, with nothing left running."""
        if len(self._given) == len(NAMES):
            return
        self._folder.open()
        try:
            self._start_missing()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what was started, in the opposite order, and free the data folder."""
        for server in (self.cache, self.broker, self.postgres):
            if server is not None:
                server.stop()
        self._folder.close()

    def check(self) -> None:
        """Raise ChildFailedError when a server that was started here has ended by itself."""
        for server in (self.postgres, self.broker, self.cache):
            if server is not None:
                server.check()

    def environment(self) -> dict[str, str]:
        """The three addresses, given or started here, under the names of their environment variables."""
        started = {}
        if self.postgres is not None:
            started[DATABASE] = self.postgres.url(DATABASE_NAME, role=DATABASE_NAME)
        if self.broker is not None:
            started[BROKER] = self.broker.url
        if self.cache is not None:
            started[CACHE] = self.cache.url
        both = started | self._given
        return {name: both[name] for name in NAMES if name in both}

    def _start_missing(self) -> None:
        if DATABASE not in self._given:
            self._on_progress(f"starting PostgreSQL in {self._folder.path}")
            self.postgres = Postgres(self._folder.path / "postgres", settings=self._settings)
            self.postgres.start()
            self.postgres.ensure_role(DATABASE_NAME)
            self.postgres.ensure_database(DATABASE_NAME, owner=DATABASE_NAME)
        if BROKER not in self._given:
            self._on_progress("starting Valkey as the broker")
            folder = self._folder.server_folder("broker")
            # Never evict: a full broker must refuse messages, not forget queues.
            self.broker = Valkey(folder, eviction="noeviction", maxmemory="512mb", persistent=True)
            self.broker.start()
        if CACHE not in self._given:
            self._on_progress("starting Valkey as the cache")
            folder = self._folder.server_folder("cache")
            self.cache = Valkey(folder, eviction="allkeys-lru", maxmemory="128mb", persistent=False)
            self.cache.start()
