"""`python -m deploy.local.receiver`."""

import sys

from deploy.local.receiver import main

sys.exit(main())
