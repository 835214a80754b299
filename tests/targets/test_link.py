from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
from target_rig import DESKTOP, SECRET, USER, free_port, run, until
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from targets import profiles
from targets.link import DeviceLink, FrameTooBig, LinkDown
from targets.protocol import FRAME_CAP_BYTES, PATH
from targets.timing import timing_from_env
from targets.tokens import verify


class Relay:
    """A relay of strings and nails: it does what a test says, and writes down what it got."""

    def __init__(self, port):
        self.port, self.sockets, self.frames, self.tokens = port, [], [], []
        self.status, self.registers, self.after = None, True, None
        self.server = None

    async def __aenter__(self):
        self.server = await serve(
            self.handle, "127.0.0.1", self.port, process_request=self.check, compression=None, ping_interval=None
        )
        return self

    async def __aexit__(self, *exc):
        self.server.close(close_connections=True)
        await self.server.wait_closed()

    def check(self, ws, request):
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        assert request.path == PATH
        return None if self.status is None else ws.respond(self.status, "no\n")

    async def handle(self, ws):
        self.sockets.append(ws)
        async for data in ws:
            frame = json.loads(data)
            self.frames.append(frame)
            if frame["type"] == "register" and self.registers:
                resumed = "resumeToken" in frame["payload"]
                reply = {"type": "resumed" if resumed else "registered", "sessionId": "s1", "expiresAt": 0}
                await ws.send(json.dumps(reply if resumed else {**reply, "resumeToken": "r1"}))
                if self.after is not None:
                    await self.after(ws)

    def of(self, kind):
        return [f for f in self.frames if f["type"] == kind]


class Client:
    def __init__(self, port, **env):
        self.frames, self.states, self.calls = [], [], []
        env = {
            "RELAY_URL": f"ws://127.0.0.1:{port}{PATH}",
            "DEVICE_ID": DESKTOP.upper(),
            "DEVICE_NAME": "a desk",
            "USER_ID": USER,
            "JWT_SECRET": SECRET,
            "TIMING_SCALE": "50",
            **env,
        }
        self.link = DeviceLink(
            env=env,
            client_type="desktop",
            timing=timing_from_env(env),
            policies=profiles.from_env(env),
            journal=self.journal,
            on_frame=self.frames.append,
            on_registered=lambda: self.calls.append("registered"),
            on_lost=lambda: self.calls.append("lost"),
        )

    def journal(self, line, /, **fields):
        self.states.append((fields["state"], fields.get("reason")))

    def reached(self, state):
        return sum(s == state for s, _ in self.states)


def linked(test, **env):
    async def go():
        port = free_port()
        async with Relay(port) as relay:
            client = Client(port, **env)
            task = asyncio.create_task(client.link.run())
            try:
                await test(relay, client)
                assert not task.done() or task.result()
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    run(go)


def test_a_link_registers_with_its_token_and_lower_cased_device():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        assert relay.frames[0] == {"type": "register", "payload": {"deviceId": DESKTOP, "deviceName": "a desk"}}
        assert verify(relay.tokens[0], SECRET).user == USER
        headers = relay.sockets[0].request.headers
        assert (headers["X-Device-ID"], headers["X-Client-Type"]) == (DESKTOP, "desktop")
        assert "Sec-WebSocket-Extensions" not in headers
        assert client.calls == ["registered"]

    linked(test)


def test_a_link_sends_heartbeats():
    async def test(relay, client):
        await until(lambda: len(relay.of("heartbeat")) >= 2, "two heartbeats")

    linked(test, TIMING_HEARTBEAT_S="0.05")


def test_frames_after_registration_are_handed_on_and_nonsense_is_not():
    async def test(relay, client):
        async def after(ws):
            for text in ("{", "[]", "null", '{"type": "registered"}', '{"messageType": "x"}', '{"type": "error"}'):
                await ws.send(text)
            await ws.send(b"\xff")
            await ws.send('{"messageType": "last"}')

        relay.after = after
        await until(lambda: client.frames and client.frames[-1] == {"messageType": "last"}, "the last frame")
        assert client.frames == [{"messageType": "x"}, {"type": "error"}, {"messageType": "last"}]

    linked(test)


def test_a_lost_link_comes_back_and_resumes_its_session():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        relay.sockets[0].transport.abort()
        await until(lambda: client.calls == ["registered", "lost", "registered"], "registered again")
        assert relay.of("register")[1]["payload"]["resumeToken"] == "r1"
        assert relay.of("register")[1]["payload"]["sessionId"] == "s1"

    linked(test)


def test_a_refused_upgrade_is_tried_again_with_a_fresh_token(tmp_path):
    counter = tmp_path / "n"
    command = f"sh -c 'echo x >> {counter}; wc -l < {counter}'"

    async def test(relay, client):
        relay.status = 401
        await until(lambda: len(relay.tokens) >= 3, "three tries")
        relay.status = None
        await until(lambda: client.link.registered, "registered")
        assert relay.tokens == sorted(set(relay.tokens), key=int)
        assert ("closed", "HTTP 401") in client.states

    linked(test, TOKEN_COMMAND=command)


def test_an_upgrade_refused_otherwise_keeps_the_token(tmp_path):
    counter = tmp_path / "n"

    async def test(relay, client):
        relay.status = 503
        await until(lambda: len(relay.tokens) >= 3, "three tries")
        assert len(set(relay.tokens)) == 1

    linked(test, TOKEN_COMMAND=f"sh -c 'echo x >> {counter}; wc -l < {counter}'")


def test_a_registration_that_is_not_answered_is_given_up():
    async def test(relay, client):
        relay.registers = False
        await until(lambda: client.reached("closed") >= 2, "given up twice")
        assert client.calls == []
        relay.registers = True
        await until(lambda: client.link.registered, "registered")

    linked(test, TIMING_REGISTER_S="0.05")


def test_an_upgrade_that_is_not_answered_is_given_up():
    async def go():
        accepted = []

        async def mute(reader, writer):
            accepted.append(writer)
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()

        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        client = Client(server.sockets[0].getsockname()[1], TIMING_UPGRADE_S="0.05")
        task = asyncio.create_task(client.link.run())
        await until(lambda: len(accepted) >= 2, "tried again")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()

    run(go)


def test_a_dead_peer_is_left_and_one_that_pings_is_not():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        for _ in range(30):  # twice the time after which silence means death
            await relay.sockets[0].ping()
            await asyncio.sleep(0.02)
        assert client.calls == ["registered"]
        await until(lambda: ("closed", "dead peer") in client.states, "silence noticed")
        await until(lambda: client.calls[:3] == ["registered", "lost", "registered"], "registered again")

    linked(test, TIMING_DEAD_PEER_S="0.3", TIMING_HEARTBEAT_S="60")


@pytest.mark.parametrize("profile", ["hardened", "documented"])
def test_both_profiles_count_pings_and_leave_a_silent_relay(profile):
    chosen = profiles.load(profile).chosen
    slots = ("transport.pings-count", "transport.dead-relay", "transport.dead-client")
    assert [chosen[slot] for slot in slots] == ["hardened"] * 3


def test_a_link_that_does_not_count_pings_leaves_a_healthy_relay():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        while client.reached("registered") < 3:
            with contextlib.suppress(ConnectionClosed):  # the client may be leaving just now
                await relay.sockets[-1].ping()
            await asyncio.sleep(0.02)
        assert client.states.count(("closed", "dead peer")) >= 2

    linked(test, TIMING_DEAD_PEER_S="0.3", TIMING_HEARTBEAT_S="60", WITHOUT="transport.pings-count")


def test_a_link_that_does_not_count_pings_stays_with_a_relay_that_talks():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        for _ in range(80):
            await relay.sockets[0].send('{"messageType": "x"}')
            await asyncio.sleep(0.02)
        assert client.calls == ["registered"]

    linked(test, TIMING_DEAD_PEER_S="1", TIMING_HEARTBEAT_S="60", WITHOUT="transport.pings-count")


def test_without_its_patience_ending_a_link_believes_in_a_silent_relay():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        await asyncio.sleep(0.6)  # six times what it may be silent for
        assert client.calls == ["registered"]

    linked(test, TIMING_DEAD_PEER_S="0.1", TIMING_HEARTBEAT_S="60", WITHOUT="transport.dead-relay")


def test_a_suspended_link_stays_away_until_it_is_resumed():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        client.link.suspend()
        client.link.suspend()
        assert client.calls == ["registered", "lost"]
        assert not client.link.registered
        with pytest.raises(LinkDown):
            await client.link.send({"type": "heartbeat"})
        await relay.sockets[0].wait_closed()
        await asyncio.sleep(0.1)  # many back-offs long
        assert len(relay.sockets) == 1
        client.link.resume()
        client.link.resume()
        await until(lambda: client.link.registered, "registered again")
        assert client.calls == ["registered", "lost", "registered"]
        assert client.reached("suspended") == 1

    linked(test)


def test_resuming_does_not_wait_for_the_old_sockets_end():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        relay.sockets[0].transport.pause_reading()  # its closing handshake will time out
        client.link.suspend()
        client.link.resume()
        await until(lambda: client.link.registered, "registered again")
        relay.sockets[0].transport.resume_reading()

    linked(test, TIMING_CLOSE_S="3600")


def test_a_link_suspended_while_it_connects_registers_nothing():
    async def test(relay, client):
        relay.registers = False
        await until(lambda: relay.sockets, "connected")
        client.link.suspend()
        relay.registers = True
        await relay.sockets[0].wait_closed()
        assert client.calls == []
        client.link.resume()
        await until(lambda: client.link.registered, "registered")

    linked(test)


def test_a_frame_above_the_cap_is_never_sent():
    async def test(relay, client):
        await until(lambda: client.link.registered, "registered")
        with pytest.raises(FrameTooBig):
            await client.link.send({"x": "y" * FRAME_CAP_BYTES})
        await client.link.send({"type": "after"})
        await until(lambda: relay.of("after"), "the next frame")
        assert client.calls == ["registered"]

    linked(test)


@pytest.mark.parametrize(("without", "storm"), [("", False), ("transport.backoff-reset", True)])
def test_a_relay_that_drops_what_it_accepts_meets_a_storm_only_without_the_safeguard(without, storm):
    async def test(relay, client):
        async def drop(ws):
            await ws.close()

        relay.after = drop
        await until(lambda: len(relay.sockets) >= 4, "four connections")
        await asyncio.sleep(0.5)
        assert (len(relay.sockets) > 20) is storm, len(relay.sockets)

    linked(test, WITHOUT=without, TIMING_BACKOFF_UNIT_S="0.05")
