"""Where a name leads, and which addresses may be called where somebody else wrote the name down: no inside of ours.

A name is resolved once for a connection, and what was judged is what is connected to: one that is asked twice may
answer otherwise the second time.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeAlias

Address: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]
"""As getaddrinfo answers it: the last of it is what a socket connects to."""
Resolve: TypeAlias = Callable[[str, int], Sequence[Address]]
"""The addresses of a host and port. Raises OSError (also for a name that is not found) and UnicodeError."""

# What a cloud tells its machines, passwords among it, and networks of carriers: inside, though the standard library, or
# some versions of it, take them for public.
INSIDE: Final = tuple(map(IPv4Network, ("100.64.0.0/10", "168.63.129.16/32", "192.0.0.0/24")))
UNICAST: Final = IPv6Network("2000::/3")
TRANSLATED: Final = IPv6Network("64:ff9b::/96")


class AddressNotAllowed(OSError):
    """address not allowed"""

    def __str__(self) -> str:
        return "address not allowed"


def resolve(host: str, port: int) -> Sequence[Address]:
    """All that the machine's resolver says."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


def public_only(found: Resolve) -> Resolve:
    """Of the addresses only those that anybody may call. Raises AddressNotAllowed when none is left."""

    def public(host: str, port: int) -> Sequence[Address]:
        allowed = [address for address in found(host, port) if is_public(address[4][0])]
        if not allowed:
            raise AddressNotAllowed
        return allowed

    return public


def is_public(address: str) -> bool:
    """Whether an address lies outside: not private, of this machine, of its network, for many, or for nobody.

    What carries an address of the other kind (mapped, 6to4, NAT64) is judged by that.
    """
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found.is_global and not found.is_multicast and not any(found in network for network in INSIDE)
    carried = _carried(found)
    if carried is not None:
        return is_public(str(carried))
    return found in UNICAST and found.is_global


def _carried(found: IPv6Address) -> IPv4Address | None:
    if found in TRANSLATED:
        return IPv4Address(int(found) & 0xFFFF_FFFF)
    return found.ipv4_mapped or found.sixtofour
