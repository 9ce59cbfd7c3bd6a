"""What a simulation raises when a rule of money does not hold."""


class Broken(AssertionError):
    """A rule that does not hold, with the event or run it is about."""


def demand(holds: bool, message: str) -> None:
    """Raises Broken unless the rule holds."""
    if not holds:
        raise Broken(message)
