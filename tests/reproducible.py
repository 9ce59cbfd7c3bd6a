"""Property tests give the same answer on every run and on every machine, however slow.

Without it a machine that stands still for a moment makes an example too late, or drawing them too slow.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "reproducible", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("reproducible")
