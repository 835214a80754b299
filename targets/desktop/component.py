"""The desktop put together: store, cache, jobs, calls and link, driven through its probe."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from targets import profiles
from targets.desktop import changes
from targets.desktop.bus import Bus
from targets.desktop.cache import ListCache
from targets.desktop.jobs import Jobs
from targets.desktop.rpc import Rpc
from targets.desktop.store import Store
from targets.desktop.uplink import Uplink
from targets.probe import Definite, Handlers, Value, attach
from targets.timing import timing_from_env

LEVEL = 2
OPERATIONS = ("status", "chunk", "progress", "tokens", "cost", "metadata", "error", "finalize", "delete", "retry")


class Desktop:
    def __init__(self, env: Mapping[str, str], device: str, store: Store) -> None:
        timing, policies = timing_from_env(env), profiles.from_env(env)
        handlers = Handlers(env.get("NODE_NAME", "desktop"), "desktop", LEVEL, self._op, self._state)
        journal = attach(handlers, env)
        boot = f"{random.getrandbits(32):08x}"
        self._store = store
        journal("recovered", boot=boot, store=self._store.id, head=self._store.head)
        bus = Bus()
        self._cache = ListCache(policies, journal, timing.desktop_cache_s)
        self._jobs = Jobs(device, boot, self._store, self._cache, bus, policies, journal)
        rpc = Rpc(device, self._store, self._cache, self._jobs, policies, journal)
        self._uplink = Uplink(
            env=env,
            timing=timing,
            policies=policies,
            journal=journal,
            bus=bus,
            store=self._store,
            rpc=rpc,
            device=device,
        )

    async def run(self) -> None:
        try:
            await self._uplink.link.run()
        finally:
            self._store.close()

    async def _op(self, f: str, value: Value) -> Any:
        """One operation of the user. `{"rev": n}`. Raises Definite."""
        changes.check_text(value)
        if f != "create" and f not in OPERATIONS:
            raise Definite("unknown_op", f"a desktop has no operation {f}; it has create, {', '.join(OPERATIONS)}")
        job = value.get("jobId")
        if not isinstance(job, str) or not job:
            raise changes.refuse("jobId must be a string that is not empty")
        creates = f == "create"
        decide = changes.create(value) if creates else changes.of_existing(f, value)
        return {"rev": await self._jobs.change(job, decide, creates)}

    async def _state(self) -> dict[str, Any]:
        jobs = await self._store.all()
        gauges = {"jobs": len(jobs), "cached": len(self._cache), **self._uplink.gauges()}
        return {"jobs": jobs, "head": self._store.head, "store": self._store.id, "gauges": gauges}
