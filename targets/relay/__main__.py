from __future__ import annotations

import asyncio
import os
import sys

from targets.relay import main

asyncio.run(main(sys.argv[1:], os.environ))
