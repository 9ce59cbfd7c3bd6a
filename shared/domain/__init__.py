"""The rules of payday: pure, typed, standard library only. No I/O and no clock; "today" is an argument."""
