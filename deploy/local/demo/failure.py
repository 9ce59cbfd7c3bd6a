"""What can go wrong in the demo itself."""

from __future__ import annotations

from deploy.local.errors import LocalServerError


class DemoFailedError(LocalServerError):
    """The demo cannot go on; the message says why, and the mend where there is one."""
