"""How many schedules a payer has that pay some day."""

from __future__ import annotations

from typing import Final

# The payer's newest schedules by the index (payer_id, id), stopped at enough of them: no index of its own, which each
# extension would have to keep. Older ones beyond twice the limit are not looked at, so that a payer with a long past
# costs no more than one at the limit.
COUNT: Final = """
SELECT count(*) FROM (
  SELECT FROM (
    SELECT status, written_through FROM schedule WHERE payer_id = :payer_id ORDER BY id DESC LIMIT 2 * :enough
  ) newest
  WHERE status = 'active' AND written_through >= :today
  LIMIT :enough
) live
"""
"""The payer's schedules that are not cancelled and have a nominal date today or later; at most `enough`."""
