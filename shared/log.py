"""Structured logs: one line an event, JSON for machines or plain for people. No personal data goes in."""

from __future__ import annotations

import logging
import re
import sys
from typing import Final, TextIO, cast

import structlog
from structlog.stdlib import BoundLogger
from structlog.typing import EventDict, Processor, WrappedLogger

QUOTED: Final = re.compile(r"(?:\n|\\n)(?:DETAIL|CONTEXT|HINT|QUERY|LINE \d+): .*?(?=\n|\\n|\Z)")
"""Where PostgreSQL quotes the row or the value that it refuses, in a message or in the repr of an error."""


class _StandardError:
    """Standard error as it is when a line is written: a logger is kept for good, and whoever captures standard error
    puts another stream in its place for a while and closes that."""

    def write(self, line: str) -> int:
        return sys.stderr.write(line)

    def flush(self) -> None:
        sys.stderr.flush()


def configure_logging(log_format: str, level: str) -> None:
    """Sends our logs and the libraries' to standard error, `json` or `console`, from `level` up."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    # Ours are written as they are: by way of the library's records and handlers a line costs three times as much.
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)


def _without_rows(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Cuts what an error of the database quotes: libraries log errors of ours whole, and rows are somebody's."""
    for name, value in event.items():
        if isinstance(value, str) and "\n" in value.replace("\\n", "\n"):
            event[name] = QUOTED.sub("", value)
    return event


def get_logger(name: str) -> BoundLogger:
    """A logger for a module: `log.info("batch settled", batch=7, paid=1000)`."""
    logger: BoundLogger = structlog.stdlib.get_logger(name)
    return logger
