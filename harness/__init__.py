"""The engine: plans in, runs out.

Rooms: `cli` (commands) · `plan` (YAML → schedule) · `workload` (what clients do) · `runtimes` (sim, process, docker) ·
`wire` (WebSocket messages on a byte stream) · `runs` (one run) · `judging` (all checkers, one pass) · `store` (run
directories, and their index) · `report` (what people read) · `shrink` (the smallest plan) · `hunting` (many runs) ·
`night` (runs that nobody watches) · `audit`, `measures` (claims of the design document) · `conform` (one component) ·
`interchange` (other people's histories) · `serve` (the store in a browser) · `testing` (runs as tests of pytest) ·
`strategies` (plans that Hypothesis draws).
At the root are the words that everybody speaks: `history`, `verdict`, `schedule`, `seeds`, `registry`, `plugins`,
`program`, `pipes`, `terminal`, `interruption`; and on top of it all, for the command line alone, `doctor`.

The engine uses three contracts, `targets`, `faults` and `checkers`, and never imports a plug-in by name.

May use: nothing.
"""

__version__ = "0.1.0"
