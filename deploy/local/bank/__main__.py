"""`python -m deploy.local.bank`."""

import sys

from deploy.local.bank import main

sys.exit(main())
