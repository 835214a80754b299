from __future__ import annotations

from targets.mobile import main
from targets.program import start

start(main)
