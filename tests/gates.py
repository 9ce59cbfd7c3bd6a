"""Places in the database where whoever comes by waits until they are opened: a step is found there, however late."""

from __future__ import annotations


def wait_function(gate: int) -> str:
    """Makes `wait_here()`, for a trigger, which waits for the transaction that holds the advisory lock `gate`."""
    return f"""
CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock({gate});
  RETURN NEW;
END $$;
"""
