"""Run as a script by `processes.py`: become another user, bind our life to the parent's, run a command.

Arguments: parent's process id, signal number, uid, gid (-1, -1: stay who we are), then the command. It is
a program of its own, and no `preexec_fn`, because that is unsafe in a parent with threads. It uses only the
standard library and keeps its process id, so the parent signals and waits for the command itself.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
# A shell starts background commands with SIGINT ignored, and a command inherits what is ignored.
RESET = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(parent: int, death_signal: int, uid: int, gid: int, command: list[str]) -> None:
    """Replace this process by `command`."""
    for number in RESET:
        signal.signal(number, signal.SIG_DFL)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # Only now: a change of user clears it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:
            sys.exit("the parent ended before the command began")
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as problem:
        sys.exit(f"{command[0]}: {problem.strerror}")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:5]]
    main(numbers[0], numbers[1], numbers[2], numbers[3], sys.argv[5:])
