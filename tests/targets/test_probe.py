from __future__ import annotations

import asyncio
import json

import pytest
from target_rig import free_port, run, until
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import InvalidStatus

from targets.probe import Definite, Handlers, Indeterminate, ProbeRefused, attach

TOKEN = "t0k3n"


def component(name="n"):
    async def op(f, value):
        match f:
            case "ok":
                return {"echo": value}
            case "no":
                raise Definite("not_found", "no such thing")
            case "maybe":
                raise Indeterminate("timeout")
        raise RuntimeError("a defect")

    async def state():
        return {"jobs": {}, "gauges": {}}

    return Handlers(name, "desktop", 2, op, state)


class Harness:
    def __init__(self, ws):
        self.ws, self.frames = ws, []
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        async for data in self.ws:
            assert isinstance(data, str)
            self.frames.append(json.loads(data))

    async def say(self, frame):
        await self.ws.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def ask(self, **frame):
        await self.say(frame)
        return await until(lambda: next((f for f in self.frames if f.get("id") == frame["id"]), None), "an answer")

    def lines(self):
        return [f["journal"] for f in self.frames if "journal" in f]

    async def close(self):
        await self.ws.close()
        await self.reader


async def dial(port, token=TOKEN):
    while True:
        try:
            return Harness(
                await connect(f"ws://127.0.0.1:{port}", additional_headers={"Authorization": f"Bearer {token}"})
            )
        except OSError:
            await asyncio.sleep(0.01)


def probed(test, **more):
    """Run `test(journal, port)` beside a component that listens."""

    async def go():
        port = free_port()
        env = {"HARNESS_PROBE_PORT": str(port), "HARNESS_PROBE_TOKEN": TOKEN, **more}
        await test(attach(component(), env), port)

    run(go)


@pytest.mark.parametrize("env", [{"HARNESS_PROBE_PORT": "1"}, {"HARNESS_PROBE_URL": "ws://127.0.0.1:1"}])
def test_a_probe_without_a_token_is_refused(env):
    with pytest.raises(ProbeRefused, match="HARNESS_PROBE_TOKEN"):
        attach(component(), env)


def test_without_a_harness_the_journal_goes_nowhere():
    attach(component(), {})("link", state="open")


def test_a_wrong_token_is_not_let_in():
    async def test(journal, port):
        for token in ("", "wrong", TOKEN + "x"):
            with pytest.raises(InvalidStatus) as refused:
                await dial(port, token)
            assert refused.value.response.status_code == 401

    probed(test)


def test_a_component_says_hello_and_answers_operations():
    async def test(journal, port):
        harness = await dial(port)
        hello = await until(lambda: harness.frames[0]["hello"] if harness.frames else None, "hello")
        assert (hello["name"], hello["role"], hello["level"]) == ("n", "desktop", 2)
        assert hello["clock_ns"] > 0
        assert "boot_id" in hello
        assert await harness.ask(id=1, op="ok", value={"a": 1}) == {"id": 1, "type": "ok", "value": {"echo": {"a": 1}}}
        error = {"code": "not_found", "message": "no such thing"}
        assert await harness.ask(id=2, op="no", value={}) == {"id": 2, "type": "fail", "error": error}
        assert (await harness.ask(id=3, op="maybe"))["type"] == "info"
        assert (await harness.ask(id=4, state=True))["state"] == {"jobs": {}, "gauges": {}}
        await harness.close()

    probed(test)


def test_a_defect_of_the_component_is_an_info_and_the_probe_lives_on():
    async def test(journal, port):
        harness = await dial(port)
        broken = await harness.ask(id=1, op="boom", value={})
        assert broken["type"] == "info"
        assert "a defect" in broken["error"]["message"]
        assert (await harness.ask(id=2, op="ok", value={}))["type"] == "ok"
        await harness.close()

    probed(test)


def test_what_nobody_caught_is_in_the_journal():
    async def broken():
        raise RuntimeError("a defect")

    async def test(journal, port):
        harness = await dial(port)
        await harness.say({"journal_from": 1})
        asyncio.get_running_loop().call_soon(lambda: {}["missing"])
        asyncio.create_task(broken()).add_done_callback(lambda done: None)
        await until(lambda: len(harness.lines()) == 2, "both")
        told = [(line, fields) for _, _, line, fields in harness.lines()]
        assert told == [("crashed", {"said": "KeyError: 'missing'"}), ("crashed", {"said": "RuntimeError: a defect"})]
        await harness.close()

    probed(test)


def test_malformed_frames_get_an_error_and_harm_nothing():
    async def test(journal, port):
        harness = await dial(port)
        bad = ["", "{", "[]", "null", b"\x00\xff", {}, {"id": 1}, {"op": "ok"}, {"journal_from": "x"}, {"ack": None}]
        for frame in bad:
            await harness.say(frame)
        await until(lambda: sum("error" in f and "id" not in f for f in harness.frames) == len(bad), "an error each")
        refused = await harness.ask(id=9, op="ok", value=[1])
        assert refused["type"] == "fail"
        assert (await harness.ask(id=10, op="ok", value={}))["type"] == "ok"
        await harness.close()

    probed(test)


def test_journal_lines_are_numbered_and_kept_until_acknowledged():
    async def test(journal, port):
        journal("observe", kind="row", job="j")
        first = await dial(port)
        await first.say({"journal_from": 1})
        journal("emit", n=2)
        await until(lambda: len(first.lines()) == 2, "both lines")
        assert [(k, line, fields) for k, _, line, fields in first.lines()] == [
            (1, "observe", {"kind": "row", "job": "j"}),
            (2, "emit", {"n": 2}),
        ]
        times = [time_ns for _, time_ns, _, _ in first.lines()]
        assert times == sorted(times)
        await first.say({"ack": 1})
        await first.ask(id=1, op="ok", value={})
        await first.close()
        journal("emit", n=3)  # while nobody is connected
        second = await dial(port)
        await second.say({"journal_from": 1})
        await until(lambda: len(second.lines()) == 2, "what was not acknowledged")
        assert [k for k, *_ in second.lines()] == [2, 3]
        await second.close()

    probed(test)


def test_lines_arrive_in_order_and_before_the_result_that_follows_them():
    async def test(journal, port):
        harness = await dial(port)
        await harness.say({"journal_from": 1})
        for n in range(500):
            journal("emit", text="x" * 2000, n=n)
            if n % 50 == 0:
                await asyncio.sleep(0)
        await harness.ask(id=1, op="ok", value={})
        assert [k for k, *_ in harness.lines()] == list(range(1, 501))
        await harness.close()

    probed(test)


def test_a_line_is_in_the_socket_when_the_call_returns():
    """What a killed process had journaled before its COMMIT must be read by the harness."""

    async def test(journal, port):
        harness = await dial(port)
        await harness.say({"journal_from": 1})
        journal("recovered", head=0)
        await until(harness.lines, "the stream began")
        sent = []
        inner = journal._readers[0]._ws.transport
        write = inner.write
        inner.write = lambda data: (sent.append(bytes(data)), write(data))
        journal("commit-begin", n=1)
        assert any(b"commit-begin" in data for data in sent)
        await harness.close()

    probed(test)


def test_a_journal_file_holds_every_line_at_once(tmp_path):
    path = tmp_path / "journal"

    async def test(journal, port):
        journal("commit-begin", n=1)
        assert json.loads(path.read_text())["journal"][2:] == ["commit-begin", {"n": 1}]

    probed(test, HARNESS_JOURNAL=str(path))


def test_a_component_can_dial_and_dials_again():
    async def go():
        seen = []

        async def handle(ws):
            seen.append(ws.request.headers["Authorization"])
            assert "hello" in json.loads(await ws.recv())

        async with serve(handle, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            env = {"HARNESS_PROBE_URL": f"ws://127.0.0.1:{port}", "HARNESS_PROBE_TOKEN": TOKEN}
            journal = attach(component(), env)
            await until(lambda: len(seen) >= 2, "dialled twice")
            journal.keeper.cancel()
        assert set(seen) == {f"Bearer {TOKEN}"}

    run(go)
