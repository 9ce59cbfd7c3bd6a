"""Free TCP ports on the loopback address."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the range from which Linux (32768) and macOS (49152) take the ports of outgoing connections. A server
# in that range that is down for a moment loses its port to its own clients: connecting again and again, one
# of them is given the same port at its own end and connects to itself.
FIRST_PORT, LAST_PORT = 20_000, 32_000
TRIES = 100


def free_port() -> int:
    """A port on which nothing listens now; another program may still take it first, so be ready to retry.

    Raises OSError when none was found.
    """
    for _ in range(TRIES):
        port = random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311 - spreads the choice, keeps no secret
        if is_free(port):
            return port
    raise OSError(f"no free port found between {FIRST_PORT} and {LAST_PORT}")


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
