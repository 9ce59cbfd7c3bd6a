"""What callers can do: each command runs in the transaction it is given and never commits."""
