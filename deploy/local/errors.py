"""What can keep the embedded servers from running; each message says the mend."""

from pathlib import Path


class LocalServerError(Exception):
    """An embedded server cannot be used; `exit_status` is what a command ends with."""

    exit_status = 1


class MissingServerError(LocalServerError):
    """The package that carries a server's programs, or the user to run them as, is not installed."""

    exit_status = 2


class UnusableFolderError(LocalServerError):
    """The data folder cannot be reached, written or trusted by the servers' user."""

    exit_status = 2


class FolderInUseError(LocalServerError):
    """Another run holds the data folder."""

    exit_status = 2

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} is in use by another `payday services` or demo: stop that, or choose another --data"
        )


class ChildFailedError(LocalServerError):
    """A child process ended, or was not ready in time; `log_tail` holds its last lines."""

    def __init__(self, reason: str, log_path: Path, log_tail: str) -> None:
        super().__init__(f"{reason}; the end of {log_path}:\n{log_tail or '(empty)'}")
        self.log_tail = log_tail
