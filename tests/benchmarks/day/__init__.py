"""`make bench-30m`: a whole day on this machine, from planning to closed books."""
