"""`python -m soulspot_arr`."""

import sys

from soulspot_arr.cli import main

sys.exit(main())
