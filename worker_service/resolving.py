"""What is done about an unknown payment, and what the provider's silence about it proves. Pure: time is an argument."""

from __future__ import annotations

from shared.db.attempts import OpenAttempt
from shared.domain.days import BusinessNow
from shared.domain.payments import Answer, AnswerKind
from shared.settings import ProviderSettings, Settings


def send_seconds(settings: Settings, attempt: OpenAttempt, now: BusinessNow) -> float | None:
    """For how long the key may be sent, its run paying: a resend is a payment (rule K6), and the provider must still
    know it (K4); None: it is only asked about.

    The provider's memory is counted to the end of the last call, with a margin for its clock.
    """
    provider = settings.provider
    if provider.mode != "key" or not attempt.sendable:
        return None
    window = provider.key_window_seconds - settings.lease_seconds - attempt.first_sent_seconds_ago
    seconds = min(provider.timeout_seconds, window - provider.timeout_seconds, now.seconds_to_cutoff)
    return seconds if seconds > 0 else None


def counts_as_never_paid(
    provider: ProviderSettings, attempt: OpenAttempt, answer: Answer, *, seconds_held: float
) -> bool:
    """A not-found proves something only if it was asked after the provider's processing time, and answered within
    its memory. `seconds_held`: how long ago the attempt was taken."""
    return (
        answer.kind is AnswerKind.NOT_FOUND
        and attempt.last_sent_seconds_ago >= provider.processing_seconds
        and attempt.first_sent_seconds_ago + seconds_held < provider.record_seconds
    )


def pays_again(provider: ProviderSettings) -> bool:
    """Whether what is proven never paid goes back to be paid; else it fails (the provider's contract)."""
    return provider.mode == "key" or provider.resend_after_not_found
