"""The system under test: a reference desktop, relay and mobile that know nothing of what tests them.

Each component is a program, `python -m targets.desktop|relay|mobile`: a package with `async def main(argv, env)` that
uses asyncio and websockets alone, keeps its clocks to `time.*` and the loop, draws from the `random` module, starts no
threads. It takes what it needs from its environment:

======================== =============================================================================================
`NODE_NAME`              its name in reports; `ROLE` is implied by the program
`RELAY_URL`              clients: `ws://host:port/ws/device-link`; the relay: `RELAY_HOST`, `RELAY_PORT` to listen on
`DEVICE_ID` `USER_ID`    UUIDs on the wire; `DEVICE_NAME` for people
`TOKEN` / `JWT_SECRET`   a client's bearer token; the relay's HS256 secret. A client refreshes its token from
                         `TOKEN_COMMAND` when set; a client that holds `JWT_SECRET` signs its own (reference only)
`STORE`                  the desktop's SQLite URI; `STORE_LATENCY_MS`: `LOW..HIGH`, how long a read or write takes
`DESKTOP_DEVICE_ID`      the mobile's active desktop
`PROFILE`                `hardened` (default) or `documented`; `WITH`, `WITHOUT`: comma-separated safeguards;
                         `POLICIES`: `slot=choice,…`
`MAILBOX_SIZE`           the relay's: how many events may wait for one device (16)
`RELAY_TLS`              the relay's: a PEM file, a certificate with its key; then it speaks TLS
`TOKEN_LIFE_S`           how long a token that a client signs for itself is good (a day)
`TIMING_SCALE`           every timer of `targets.timing.Timing` is divided by it; `TIMING_<NAME>_S` sets one
`HARNESS_PROBE_URL`      dial the harness there; or `HARNESS_PROBE_PORT` (and `HARNESS_PROBE_HOST`): listen there
`HARNESS_PROBE_TOKEN`    bearer token of the probe, required either way
`HARNESS_JOURNAL`        a file: every journal line is written there as well, at once, so that it outlives a killed
                         process (`commit-begin` must not be lost)
======================== =============================================================================================

Rooms: `protocol` (the wire: envelopes, rows, errors) · `timing` · `policy` (slots and safeguards) · `profiles` (one
file each) · `probe` (how a component is driven and watched) · `link` (the device-link client both ends use) ·
`desktop`, `relay`, `mobile`.
"""

from __future__ import annotations
