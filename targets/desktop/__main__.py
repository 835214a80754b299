from __future__ import annotations

from targets.desktop import main
from targets.program import start

start(main)
