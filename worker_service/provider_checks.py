"""Whether what we are told of the provider lets a payment in doubt ever be settled."""

from __future__ import annotations

from shared.settings import ProviderSettings, Settings
from worker_service.check import Check


def provider(settings: Settings) -> list[Check]:
    """Whether its mode and its times go together: everything that does not, or that all does."""
    told = settings.provider
    found = (_window(settings), _record(told), _resending(told))
    bad = [Check("provider", False, problem) for problem in found if problem]
    return bad or [Check("provider", True, f"{told.name}, mode {told.mode}")]


def _window(settings: Settings) -> str | None:
    """A key is sent again as long as its batch's lease lasts: the last send must meet a provider that knows it."""
    told = settings.provider
    budget = settings.lease_seconds + told.timeout_seconds
    if told.mode != "key" or budget <= told.key_window_seconds:
        return None
    return (
        f"PROVIDER_KEY_WINDOW_SECONDS: {told.key_window_seconds:g} s is shorter than LEASE_SECONDS +"
        f" PROVIDER_TIMEOUT_SECONDS = {budget:g} s: a payment could be sent again after the provider forgot it;"
        " shorten the lease or the time-out"
    )


def _record(told: ProviderSettings) -> str | None:
    """Never paid is proven only by an answer after the processing time and before the record ends."""
    if told.mode == "none" or told.record_seconds > told.processing_seconds:
        return None
    return (
        f"PROVIDER_RECORD_SECONDS: {told.record_seconds:g} s is not longer than PROVIDER_PROCESSING_SECONDS ="
        f" {told.processing_seconds:g} s: nothing could ever be proven never paid; set both to what the provider"
        " promises"
    )


def _resending(told: ProviderSettings) -> str | None:
    """Who cannot be asked never says that it does not know a payment."""
    if not (told.mode == "none" and told.resend_after_not_found):
        return None
    return (
        "PROVIDER_RESEND_AFTER_NOT_FOUND: true makes no sense with PROVIDER_MODE=none, which never asks; unset it,"
        " or set PROVIDER_MODE=enquiry"
    )
