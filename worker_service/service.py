"""What every task of the worker is given: settings, sessions and, where it pays, the gateway."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cached_property

from shared import crash_points
from shared.cache import Cache, forgetting
from shared.db.engine import Engine, Sessions, make_engine, make_sessions, telling
from shared.settings import Settings
from worker_service.gateway import Gateway
from worker_service.pace import reserving
from worker_service.receiver import Receiver


@dataclass
class Service:
    """One process's connections; never shared across a fork."""

    settings: Settings
    engine: Engine

    @classmethod
    def connect(cls, settings: Settings) -> Service:
        """A service for this process. Nothing is opened before it is used."""
        crash_points.arm(settings.crash_at)
        return cls(settings, make_engine(settings.database_url, pool_size=2))

    @cached_property
    def sessions(self) -> Sessions:
        sessions = make_sessions(self.engine, notices=self.settings.notify is not None)
        return telling(sessions, forgetting(self.cache)) if self.cache else sessions

    @cached_property
    def cache(self) -> Cache | None:
        return Cache(self.settings.cache_url) if self.settings.cache_url else None

    @cached_property
    def gateway(self) -> Gateway:
        return Gateway(self.settings.provider, reserving(self.settings, lambda: self.sessions))

    @cached_property
    def receiver(self) -> Receiver | None:
        return Receiver(self.settings.notify) if self.settings.notify else None

    def close(self) -> None:
        """Ends all connections."""
        if self.__dict__.get("receiver"):
            self.__dict__["receiver"].close()
        if "gateway" in self.__dict__:
            self.gateway.close()
        if self.__dict__.get("cache"):
            self.__dict__["cache"].close()
        self.engine.dispose()

    @property
    def name(self) -> str:
        """Who holds a lease: host and process."""
        return f"{socket.gethostname()}:{os.getpid()}"
