from __future__ import annotations

from targets.program import start
from targets.relay import main

start(main)
