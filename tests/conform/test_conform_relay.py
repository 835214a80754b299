"""A relay looked at: the reference meets every check, and each mistake is met by the check that is about it."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from harness.conform import Told, judged, relay
from harness.conform.looking import Opener
from harness.conform.relay.bench import Device, RelayBench
from harness.runtimes import RuntimeUnavailable
from targets.foreign.small_relay import Peer, SmallRelay

SECRET = "a secret of thirty-two bytes or more"
LIMIT_S = 5.0


class TellsTheSender(SmallRelay):
    def others(self, peer: Peer) -> list[Peer]:
        return [*super().others(peer), peer]


class TellsEverybody(SmallRelay):
    def others(self, peer: Peer) -> list[Peer]:
        return [other for other in self.peers.values() if other is not peer]


class TellsTwice(SmallRelay):
    def event(self, peer: Peer, frame: dict[str, Any]) -> None:
        super().event(peer, frame)
        super().event(peer, frame)


class Queues(SmallRelay):
    """An absent desktop is no failure there."""

    def call(self, peer: Peer, payload: dict[str, Any]) -> None:
        if (peer.user, str(payload["targetDeviceId"]).lower()) in self.peers:
            super().call(peer, payload)
            return
        response = {"correlationId": payload["payload"]["id"], "result": {"queued": True}, "isFinal": True}
        peer.post({"type": "relay_response", "clientId": peer.device, "response": response})


class AnswersAnybody(SmallRelay):
    def answer(self, peer: Peer, frame: dict[str, Any]) -> None:
        for other in self.others(peer):
            other.post({"type": "relay_response", "clientId": other.device, "response": frame["response"]})


class SaysNothing(SmallRelay):
    def take(self, peer: Peer, text: str) -> None:
        if "no-such-type" not in text:
            super().take(peer, text)


MISTAKES: list[tuple[type[SmallRelay], str, str]] = [
    (TellsTheSender, "events.every-other", "the sender got"),
    (TellsEverybody, "events.every-other", "another user got"),
    (TellsTwice, "events.in-order", "numbers [0, 0, 1"),
    (Queues, "calls.absent-desktop", "queued"),
    (AnswersAnybody, "calls.there-and-back", "another phone got"),
    (SaysNothing, "errors.unknown-type", "no error unknown_message_type within"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def serving(made: Callable[[dict[str, str]], SmallRelay]) -> AsyncIterator[str]:
    """In a thread of its own, which ends with the process: a server that closes waits for its connections."""
    port = free_port()
    running = made({"JWT_SECRET": SECRET}).run("127.0.0.1", port)
    threading.Thread(target=asyncio.run, args=(running,), daemon=True).start()
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        await asyncio.sleep(0.01)
    yield f"ws://127.0.0.1:{port}/ws/device-link"


async def told_by(made: Callable[[dict[str, str]], SmallRelay], name: str, limit_s: float = LIMIT_S) -> Told:
    async with serving(made) as url:
        bench = RelayBench(url, Opener(secret=SECRET).token_of, SECRET, limit_s)
        try:
            return await judged(next(check for check in relay.CHECKS if check.name == name), bench)
        finally:
            await bench.clear()


@pytest.mark.parametrize(("made", "name", "came"), MISTAKES, ids=[made.__name__ for made, _, _ in MISTAKES])
def test_a_mistake_is_told_by_its_check(made: type[SmallRelay], name: str, came: str) -> None:
    right = asyncio.run(told_by(SmallRelay, name))
    assert right.said == "pass", right
    wrong = asyncio.run(told_by(made, name, 1.0 if made is SaysNothing else LIMIT_S))
    assert (wrong.said, came in wrong.came) == ("fail", True), wrong
    assert wrong.expected == right.expected


def test_who_cannot_sign_does_not_judge_the_end_of_a_token() -> None:
    async def told() -> Told:
        async with serving(SmallRelay) as url:
            bench = RelayBench(url, Opener(secret=SECRET).token_of, None, LIMIT_S)
            return await judged(next(check for check in relay.CHECKS if check.name == "register.expired"), bench)

    assert asyncio.run(told()).said == "not judged"


MINT = """\
import os, sys
from targets.tokens import sign
assert os.environ["DEVICE_ID"] and "PATH" in os.environ
print(sign(os.environ["USER_ID"], sys.argv[1]))
"""


def test_a_command_prints_the_token_of_each_device() -> None:
    """Of its user: a relay that tells two users' devices apart passes."""
    opener = Opener(command=(sys.executable, "-c", MINT, SECRET))

    async def told() -> Told:
        async with serving(SmallRelay) as url:
            bench = RelayBench(url, opener.token_of, None, LIMIT_S)
            try:
                return await judged(next(check for check in relay.CHECKS if check.name == "calls.strangers"), bench)
            finally:
                await bench.clear()

    assert asyncio.run(told()).said == "pass"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("", "printed nothing"),
        ("import sys; sys.exit(3)", "ended with code 3"),
        ("print('a token: x')", "one token and nothing else"),
    ],
)
def test_a_command_that_prints_no_token_is_no_failure_of_the_relay(script: str, said: str) -> None:
    opener = Opener(command=(sys.executable, "-c", script, SECRET))
    with pytest.raises(RuntimeUnavailable, match=said) as raised:
        asyncio.run(opener.token_of(Device("mobile", "u")))
    assert SECRET not in str(raised.value)


def test_every_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in relay.CHECKS]
    assert len(names) == len(set(names)) >= 22
