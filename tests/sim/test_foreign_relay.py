"""Relays of somebody else, each with one defect, beside built-in clients: a checker finds every one of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign_rig import PLAN, run_relay

from harness.runs.run import RunResult
from harness.verdict import Verdict

FAULTY = """
from targets.foreign import small_relay
from targets.foreign.small_relay import SmallRelay, presence

class Faulty(SmallRelay):
    count = 0
    {body}

async def main(argv, env):
    await Faulty(env).run(env["RELAY_HOST"], int(env["RELAY_PORT"]))
"""
DROPS = """
    def event(self, peer, frame):
        name = frame.get("eventType") or ""
        Faulty.count += name.startswith("job:")
        if Faulty.count % 9 == 5 and name.startswith("job:"):
            return
        super().event(peer, frame)
"""
FORGETS_CALLS = """
    def gone(self, peer):
        for other in self.others(peer):
            other.calls = {n: desktop for n, desktop in other.calls.items() if desktop is not peer}
        super().gone(peer)
"""
SILENT = """
    def gone(self, peer):
        if self.peers.get((peer.user, peer.device)) is peer:
            del self.peers[peer.user, peer.device]
"""
UNTOLD = """
    def register(self, peer, payload):
        whole = self.wrapped
        self.wrapped = lambda name, payload, source: None if name == {what} else whole(name, payload, source)
        post = small_relay.Peer.post
        small_relay.Peer.post = lambda self, frame: post(self, frame) if frame is not None else None
        try:
            super().register(peer, payload)
        finally:
            self.wrapped, small_relay.Peer.post = whole, post
"""
WORK = "version: 1\nduration: 8s\ntopology: own.yaml\nworkload: {jobs: 12, rate: 15/s, ends_in_fault: 0%}\n"
RECONNECTS = "faults: [{action: reconnect, clients: [mobile-1], how: close, every: 1500ms, downtime: 100ms}]\n"
KILLS = "faults: [{action: kill, nodes: [desktop-1], every: {mean: 2s, dist: exponential}, restart: 1900ms}]\n"
SHY = "faults: [{action: reconnect, clients: [desktop-1], how: close, every: 1500ms, downtime: 1s}]\n"
CALLS = WORK.replace("ends_in_fault: 0%", "mobile_rate: 30/s, ends_in_fault: 0%")


# a desktop that takes its time: calls are under way when it goes
SLOW = "{relay: {kind: module, module: mine, path: .}, desktop-1: {env: {STORE_LATENCY_MS: 60..120}}}"


def results(folder: Path, body: str, plan: str, seeds: int) -> list[RunResult]:
    source = FAULTY.replace("{body}", body.strip())
    return [run_relay(folder, source, nodes=SLOW, seed=seed, text=plan) for seed in range(seeds)]


@pytest.mark.parametrize(
    ("why", "body", "plan", "reason"),
    [
        ("it drops some events", DROPS, WORK, "untold-gap"),
        ("it says nothing of who is there", UNTOLD.format(what="'presence'"), WORK + RECONNECTS, "untold-presence"),
        ("it keeps the heads to itself", UNTOLD.format(what="'sync:head'"), WORK + RECONNECTS, "untold-head"),
        ("it forgets calls", FORGETS_CALLS, CALLS + KILLS, "forwarded-call"),
        ("and does not say that the desktop went", SILENT, CALLS + KILLS, "forwarded-call"),
    ],
)  # fmt: skip
def test_every_defect_of_a_relay_is_found_though_it_journals_nothing(
    tmp_path: Path, why: str, body: str, plan: str, reason: str
) -> None:
    found = [signature for result in results(tmp_path, body, plan, 6) for signature in result.signatures]
    assert ("reaction", reason) in found


@pytest.mark.parametrize("plan", [PLAN, WORK + RECONNECTS, CALLS + KILLS, CALLS + SHY])
def test_the_relay_that_they_are_made_of_is_valid_on_the_same_plans(tmp_path: Path, plan: str) -> None:
    for seed, result in enumerate(results(tmp_path, "pass", plan, 5)):
        assert (seed, result.verdict, result.signatures) == (seed, Verdict.VALID, [])
