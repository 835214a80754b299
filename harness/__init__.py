"""The engine: plans in, runs out.

Rooms: `cli` (commands) · `plan` (YAML → schedule) · `workload` (what clients do) · `conductor` (one run) ·
`recorder` (journals → history) · `history`, `verdict` (what checkers read and return) · `store` (run
directories) · `campaign` (many runs) · `report` (what people read) · `wire` (WebSocket messages on a byte
stream) · `runtimes` (sim, process, docker) · `registry` (finds plug-ins by name) · `testing`, `strategies` (runs
as tests of pytest, plans that Hypothesis draws).

The engine uses three contracts, `targets`, `faults` and `checkers`, and never imports a plug-in by name.
"""

__version__ = "0.1.0"
