"""`payday services`: the embedded servers alone, in the foreground."""

import argparse
import json
import os
import shlex
import signal
import sys
import threading
from pathlib import Path

from deploy.local.errors import LocalServerError
from deploy.local.folder import default_data_dir
from deploy.local.servers import NAMES, LocalServers

CHECK_SECONDS = 1.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DESCRIPTION = f"""\
Starts PostgreSQL, a broker and a cache (Valkey, without password) on free ports of the loopback address
and prints their addresses as `export NAME=value` lines, then `ready`. They stop with this command
(Ctrl-C). A server whose variable ({", ".join(NAMES)}) is set is used and not started."""
DATA_HELP = """\
folder that keeps the servers' files (default: .payday in the current folder; where the servers' user,
as root 'nobody', cannot reach that: a folder of its own under /var/tmp)"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `services`."""
    parser = subparsers.add_parser("services", help="start only the embedded servers", description=DESCRIPTION)
    parser.add_argument("--data", type=Path, metavar="DIR", help=DATA_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of export lines")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop; 0 then, 2 when the data folder cannot be used, 1 when a server fails."""
    stop = _stop_on_signals()
    try:
        with LocalServers(arguments.data or default_data_dir(), os.environ, _say) as servers:
            _print(servers.environment(), as_json=arguments.json)
            while not stop.wait(CHECK_SECONDS):
                servers.check()
            _say("stopping")
    except LocalServerError as problem:
        _say(str(problem))
        return problem.exit_status
    except OSError as problem:
        _say(str(problem))
        return 1
    return 0


def _stop_on_signals() -> threading.Event:
    """An event that signals set; nothing is interrupted, so a second Ctrl-C leaves no server behind."""
    stop = threading.Event()
    for number in STOP_SIGNALS:
        # `nohup` means it: a hang-up that is ignored stays so.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: stop.set())
    return stop


def _print(environment: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(environment))
    else:
        for name, value in environment.items():
            print(f"export {name}={shlex.quote(value)}")
        print("ready")
    sys.stdout.flush()


def _say(message: str) -> None:
    print(f"payday services: {message}", file=sys.stderr, flush=True)
