"""Property tests give the same answer on every run and on every machine, however slow."""

from hypothesis import settings

settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")
