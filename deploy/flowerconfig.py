"""Flower's settings: `celery -A worker_service.celery_app flower --conf=deploy/flowerconfig.py`.

Who may look is told by FLOWER_BASIC_AUTH=user:password. Its /metrics and /healthcheck stay open all the same:
they name workers and tasks, so let only the monitoring's network reach them.
"""

import os
import sys

if not os.environ.get("FLOWER_BASIC_AUTH"):
    print("payday cannot start Flower:\n  FLOWER_BASIC_AUTH: is not set; set it to user:password", file=sys.stderr)
    sys.exit(2)

# Looks and never touches: whoever may stop a worker or revoke a batch here would do so past the audit.
read_only = True
# What a batch is stands in its arguments: its number and the date of the run that pays it.
tasks_columns = "name,kwargs,state,received,started,runtime,worker,uuid"
purge_offline_workers = 300
