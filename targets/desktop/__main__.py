from __future__ import annotations

import asyncio
import os
import sys

from targets.desktop import main

asyncio.run(main(sys.argv[1:], os.environ))
