"""The only code that calls the external payment API: sends, deadlines, resends, and what the answers prove."""

from worker_service.gateway.gateway import Gateway, Results
from worker_service.gateway.trouble import Trouble, TroubleKind

__all__ = ["Gateway", "Results", "Trouble", "TroubleKind"]
