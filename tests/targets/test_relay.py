from __future__ import annotations

import asyncio
import contextlib
import http.client
import json

import pytest
from target_rig import DESKTOP, MOBILE, SECRET, USER, create, rig, run, until
from websockets.exceptions import ConnectionClosed, InvalidStatus

from targets.link import LinkDown, send_text
from targets.protocol import FRAME_CAP_BYTES, call_frame, event_frame, reply_frame
from targets.tokens import sign

OTHER = "22222222-2222-5222-8222-222222222222"
MOBILE_2 = "aaaaaaaa-0000-5000-8000-000000000002"


def with_relay(tmp_path, test, **policies):
    async def go():
        async with rig(tmp_path, **policies) as r:
            await r.start_relay()
            await test(r)

    run(go)


def event(n=0, kind="job:status-changed", **more):
    return event_frame(kind, {"jobId": "j", "sessionId": "s", "n": n, **more})


async def settled(client, corr):
    """A round trip: whatever the relay had for this client before is here."""
    await client.call("job.get", corr=corr, target="nobody")


# The upgrade -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token", ["", "rubbish", sign(USER, "not the secret, but as long as it is"), sign(USER, SECRET, -5)]
)
def test_a_bad_token_is_401_at_the_upgrade(tmp_path, token):
    async def test(r):
        with pytest.raises(InvalidStatus) as refused:
            await r.connect(token=token)
        assert refused.value.response.status_code == 401

    with_relay(tmp_path, test)


def test_health_is_answered_and_other_paths_are_not_found(tmp_path):
    async def test(r):
        def get(path):
            connection = http.client.HTTPConnection("127.0.0.1", r.port)
            connection.request("GET", path)
            return connection.getresponse().status

        assert await asyncio.to_thread(get, "/healthz") == 200
        assert await asyncio.to_thread(get, "/") in (400, 404, 426)

    with_relay(tmp_path, test)


def test_an_expired_token_closes_the_socket_only_when_hardened(tmp_path):
    async def test(r):
        client = await r.connect(token=sign(USER, SECRET, 1))
        await client.register()
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await asyncio.sleep(0.02)
                await client.send({"type": "heartbeat"})
        assert closed.value.rcvd.code == 4401

    with_relay(tmp_path, test)


def test_documented_a_socket_outlives_its_token(tmp_path):
    async def test(r):
        client = await r.connect(token=sign(USER, SECRET, 1))
        await client.register()
        await asyncio.sleep(1.2)
        await settled(client, "c1")

    with_relay(tmp_path, test, WITHOUT="transport.token-expiry")


# Registration and errors -------------------------------------------------------------------------------------------


def test_nothing_works_before_registration(tmp_path):
    async def test(r):
        client = await r.connect()
        await client.send(event())
        await client.error("auth_required")
        await client.register()

    with_relay(tmp_path, test)


def test_registering_twice_gives_the_same_answer(tmp_path):
    async def test(r):
        client = await r.client()
        await client.send({"type": "register", "payload": {"deviceId": MOBILE.upper()}})
        first, second = await until(
            lambda: found if len(found := [f for f in client.frames if f.get("type") == "registered"]) == 2 else None,
            "two",
        )
        assert first == second
        assert {"sessionId", "resumeToken", "expiresAt"} < set(first)

    with_relay(tmp_path, test)


def test_a_session_is_resumed_with_its_token_only(tmp_path):
    async def test(r):
        first = (await r.client()).frames[0]
        resume = {"sessionId": first["sessionId"], "resumeToken": first["resumeToken"]}
        again = await r.connect()
        await again.register(**resume)
        assert again.frames[0] == {
            "type": "resumed",
            "sessionId": first["sessionId"],
            "expiresAt": again.frames[0]["expiresAt"],
        }
        for wrong in ({**resume, "resumeToken": "x"}, {**resume, "sessionId": "x"}, {"sessionId": resume["sessionId"]}):
            other = await r.connect()
            await other.register(**wrong)
            assert other.frames[0]["type"] == "registered"

    with_relay(tmp_path, test)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", "invalid_json"),
        ("", "invalid_json"),
        ("[]", "invalid_json"),
        ("7", "invalid_json"),
        (b"{}", "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ("{}", "invalid_payload"),
        ('{"type": 7}', "invalid_payload"),
        ('{"type": "dance"}', "unknown_message_type"),
        ('{"type": "event", "payload": {}}', "invalid_payload"),
        ('{"type": "event", "eventType": "", "payload": {}}', "invalid_payload"),
        ('{"type": "event", "eventType": "job:x"}', "invalid_payload"),
        ('{"type": "event", "eventType": "job:x", "payload": "text"}', "invalid_payload"),
        ('{"type": "event", "eventType": "job:x", "payload": [1]}', "invalid_payload"),
        ('{"type": "event", "eventType": 7, "payload": {}}', "invalid_payload"),
        ('{"type": "register", "payload": {"deviceId": "somebody else"}}', "invalid_payload"),
        ('{"type": "register", "payload": {}}', "invalid_payload"),
        ('{"type": "relay", "payload": {"payload": {"method": "m", "id": "1"}}}', "missing_target_device_id"),
        ('{"type": "relay", "payload": {"targetDeviceId": "d", "payload": {"id": "1"}}}', "missing_method"),
        ('{"type": "relay", "payload": {"targetDeviceId": "d", "payload": {"method": "m"}}}', "invalid_payload"),
        ('{"type": "relay", "payload": 7}', "invalid_payload"),
        ('{"type": "relay"}', "invalid_payload"),
        ('{"type": "relay_response", "response": {"correlationId": "1"}}', "invalid_payload"),
        ('{"type": "relay_response", "clientId": "x", "response": 1}', "invalid_payload"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_bad_input_gets_its_error_and_harms_nobody(tmp_path, frame, code):
    async def test(r):
        bad, good, listener = (
            await r.client(DESKTOP, "desktop"),
            await r.client(MOBILE, "desktop"),
            await r.client(MOBILE_2),
        )
        await bad.ws.send(frame)
        error = await bad.error(code)
        assert set(error) == {"type", "code", "message", "timestamp"}
        await bad.send(event(1))  # still served
        await good.send(event(2))
        await until(lambda: len(listener.of("job:status-changed")) == 2, "both events")
        assert not [f for f in good.frames + listener.frames if f.get("type") == "error"]

    with_relay(tmp_path, test)


def test_a_frame_above_the_cap_closes_only_its_senders_socket(tmp_path):
    async def test(r):
        bad, listener = await r.client(DESKTOP, "desktop"), await r.client()
        with contextlib.suppress(LinkDown):
            await send_text(bad.ws, b"x" * (FRAME_CAP_BYTES + 1))
        await bad.ws.wait_closed()
        again = await r.client(DESKTOP, "desktop")
        await again.send(event(3))
        await until(lambda: listener.of("job:status-changed"), "the event of the next connection")

    with_relay(tmp_path, test)


def test_an_event_that_grows_above_the_cap_in_its_envelope_is_refused(tmp_path):
    async def test(r):
        desktop, listener = await r.client(DESKTOP, "desktop"), await r.client()
        frame = json.dumps(event(text=""))
        await desktop.ws.send(frame.replace('""', '"' + "x" * (FRAME_CAP_BYTES - len(frame)) + '"'))
        await desktop.error("invalid_payload")
        await settled(listener, "c")
        assert not listener.of("job:status-changed")

    with_relay(tmp_path, test)


# Events ------------------------------------------------------------------------------------------------------------


def test_an_event_reaches_every_other_device_of_its_user_and_nobody_else(tmp_path):
    async def test(r):
        desktop = await r.client(DESKTOP.upper(), "desktop")
        mine = [await r.client(MOBILE), await r.client(MOBILE_2)]
        theirs = [await r.client(MOBILE, user=OTHER), await r.client(DESKTOP, "desktop", user=OTHER)]
        await desktop.send(event(1, sync={"msg": "m-1"}))
        for client in mine:
            (got,) = await until(lambda c=client: c.of("job:status-changed"), "the event")
            assert got == {
                "messageType": "job:status-changed",
                "payload": {"jobId": "j", "sessionId": "s", "n": 1, "sync": {"msg": "m-1"}},
                "targetDeviceId": None,
                "sourceDeviceId": DESKTOP,
                "timestamp": got["timestamp"],
            }
        for client in (desktop, *theirs):
            await settled(client, "c")
            assert not client.of("job:status-changed")
        assert r.relay.journal("deliver", event="job:status-changed") == [
            {"event": "job:status-changed", "msg": "m-1", "count": 2}
        ]

    with_relay(tmp_path, test)


def test_both_envelopes_are_read_and_event_type_wins(tmp_path):
    async def test(r):
        desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
        await desktop.send({"type": "event", "messageType": "job:legacy", "payload": {}})
        await desktop.send({"type": "event", "eventType": "job:new", "messageType": "job:legacy", "payload": {"n": 2}})
        await until(lambda: mobile.of("job:new"), "the second")
        assert [f["payload"] for f in mobile.of("job:legacy")] == [{}]

    with_relay(tmp_path, test)


@pytest.mark.parametrize(("without", "delivered"), [("", 0), ("roles.desktops-only", 1)])
def test_only_desktops_publish_job_events(tmp_path, without, delivered):
    async def test(r):
        mobile, other = await r.client(MOBILE), await r.client(MOBILE_2)
        await mobile.send(event())
        if not delivered:
            await mobile.error("invalid_payload")
        await mobile.send(event(kind="ui:hello"))
        await until(lambda: other.of("ui:hello"), "an event of its own")
        assert len(other.of("job:status-changed")) == delivered

    with_relay(tmp_path, test, WITHOUT=without)


@pytest.mark.parametrize("kind", ["presence", "sync:gap"])
@pytest.mark.parametrize("who", [MOBILE, DESKTOP])
def test_what_the_relay_itself_tells_nobody_publishes(tmp_path, kind, who):
    """Else a phone in wrong hands tells the others that their desktop is gone."""

    async def test(r):
        teller, other = await r.client(who), await r.client(MOBILE_2)
        before = len(other.of(kind))
        await teller.send(event(kind=kind))
        await teller.error("invalid_payload")
        await teller.send(event(kind="ui:hello"))
        await until(lambda: other.of("ui:hello"), "an event of its own")
        assert len(other.of(kind)) == before

    with_relay(tmp_path, test)


# Calls -------------------------------------------------------------------------------------------------------------


async def asked(desktop, corr):
    frame = await desktop.got(lambda f: f.get("request", {}).get("correlationId") == corr, f"request {corr}")
    return frame["clientId"], frame["request"]


def replies(client, corr):
    return [f["response"] for f in client.frames if f.get("response", {}).get("correlationId") == corr]


def test_a_call_goes_to_its_target_and_its_answer_to_who_asked(tmp_path):
    async def test(r):
        desktop, mobile, other = await r.client(DESKTOP, "desktop"), await r.client(), await r.client(MOBILE_2)
        await mobile.send(call_frame(DESKTOP.upper(), "job.get", {"jobId": "j"}, "c1"))
        assert await asked(desktop, "c1") == (
            MOBILE,
            {"method": "job.get", "params": {"jobId": "j"}, "correlationId": "c1"},
        )
        await desktop.send(reply_frame(MOBILE, "c1", result={"job": {}}))
        await until(lambda: replies(mobile, "c1"), "the answer")
        assert mobile.frames[-1] == {
            "type": "relay_response",
            "clientId": MOBILE,
            "response": {"correlationId": "c1", "result": {"job": {}}, "error": None, "isFinal": True},
        }
        await settled(other, "c")
        assert not replies(other, "c1")

    with_relay(tmp_path, test)


@pytest.mark.parametrize(("without", "code"), [("", "desktop_offline"), ("rpc.desktop-offline", "relay_failed")])
def test_a_call_of_an_absent_desktop_is_answered_at_once(tmp_path, without, code):
    async def test(r):
        mobile = await r.client()
        await r.client(DESKTOP, "desktop", user=OTHER)  # another user's does not count
        assert (await mobile.call("job.get"))["error"]["code"] == code

    with_relay(tmp_path, test, WITHOUT=without)


@pytest.mark.parametrize(("without", "forwarded"), [("", 0), ("rpc.refused-memory", 1)])
def test_a_late_duplicate_of_a_refused_call_is_dropped(tmp_path, without, forwarded):
    async def test(r):
        mobile = await r.client()
        assert (await mobile.call("job.cancel", corr="c1"))["error"]["code"] == "desktop_offline"
        desktop = await r.client(DESKTOP, "desktop")
        await mobile.send(call_frame(DESKTOP, "job.cancel", {}, "c1"))
        await mobile.send(call_frame(DESKTOP, "job.get", {}, "c2"))
        await asked(desktop, "c2")
        requests = [f["request"]["correlationId"] for f in desktop.frames if "request" in f]
        assert requests.count("c1") == forwarded

    with_relay(tmp_path, test, WITHOUT=without)


def test_a_duplicate_of_a_forwarded_call_is_never_called_refused(tmp_path):
    async def test(r):
        desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
        await mobile.send(call_frame(DESKTOP, "job.delete", {}, "c1"))
        await asked(desktop, "c1")
        await desktop.ws.close()
        await until(lambda: replies(mobile, "c1"), "disconnected")
        await mobile.send(call_frame(DESKTOP, "job.delete", {}, "c1"))
        await until(lambda: len(replies(mobile, "c1")) == 2, "the duplicate's answer")
        assert [reply["error"]["code"] for reply in replies(mobile, "c1")] == ["disconnected", "disconnected"]

    with_relay(tmp_path, test)


@pytest.mark.parametrize(("without", "failed"), [("", 1), ("rpc.disconnected", 0)])
def test_calls_under_way_fail_when_their_desktop_goes(tmp_path, without, failed):
    async def test(r):
        desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
        await mobile.send(call_frame(DESKTOP, "job.get", {}, "c1"))
        await asked(desktop, "c1")
        await desktop.ws.close()
        await until(lambda: r.relay.journal("conn", state="closed"), "the relay noticed")
        await settled(mobile, "c2")
        assert [reply["error"]["code"] for reply in replies(mobile, "c1")] == ["disconnected"] * failed

    with_relay(tmp_path, test, WITHOUT=without)


@pytest.mark.parametrize(("without", "copies"), [("", 1), ("rpc.routed-once", 2)])
def test_a_call_is_answered_once(tmp_path, without, copies):
    async def test(r):
        desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
        await mobile.send(call_frame(DESKTOP, "job.get", {}, "c1"))
        await asked(desktop, "c1")
        for _ in range(2):
            await desktop.send(reply_frame(MOBILE, "c1", result={}))
        await desktop.send(event(9))
        await until(lambda: mobile.of("job:status-changed"), "what was sent after the answers")
        assert len(replies(mobile, "c1")) == copies

    with_relay(tmp_path, test, WITHOUT=without)


def test_an_answer_to_a_call_nobody_made_goes_nowhere(tmp_path):
    async def test(r):
        desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
        await r.client(MOBILE, user=OTHER)
        await desktop.send(reply_frame(MOBILE, "c1", result={"secret": 1}))
        await desktop.send(event(9))
        await until(lambda: mobile.of("job:status-changed"), "what was sent after it")
        assert not replies(mobile, "c1")

    with_relay(tmp_path, test)


def test_a_call_is_forgotten_after_its_time(tmp_path):
    async def test(r):
        desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
        await mobile.send(call_frame(DESKTOP, "job.get", {}, "c1"))
        await asked(desktop, "c1")
        assert (await r.relay.state())["gauges"]["pending"] == 1
        await asyncio.sleep(0.3)
        assert (await r.relay.state())["gauges"]["pending"] == 0

    with_relay(tmp_path, test, TIMING_RELAY_PENDING_S="0.2")


# Sessions of one device --------------------------------------------------------------------------------------------


def test_a_newer_connection_of_a_device_replaces_the_older(tmp_path):
    async def test(r):
        old = await r.client()
        new = await r.client()
        await old.ws.wait_closed()
        assert old.ws.close_code == 4409
        desktop = await r.client(DESKTOP, "desktop")
        await desktop.send(event(1))
        await until(lambda: new.of("job:status-changed"), "the event at the new one")

    with_relay(tmp_path, test)


@pytest.mark.parametrize(("without", "reached"), [("", True), ("same-device.identity", False)])
def test_the_end_of_an_old_socket_leaves_the_new_connection_alone(tmp_path, without, reached):
    async def test(r):
        await r.client()
        new = await r.client()
        await until(lambda: r.relay.journal("conn", state="closed"), "the old one's clean-up")
        found = (await r.relay.state())["connections"].get(USER, {})
        assert (MOBILE in found) is reached
        await settled(new, "c")

    with_relay(tmp_path, test, WITHOUT=without)


@pytest.mark.parametrize(("without", "survivor"), [("", "newer"), ("same-device.newest-accepted", "older")])
def test_a_delayed_register_on_an_older_socket_evicts_nobody(tmp_path, without, survivor):
    async def test(r):
        sockets = {"older": await r.connect(), "newer": await r.connect()}
        await sockets["newer"].register()
        await sockets["older"].send({"type": "register", "payload": {"deviceId": MOBILE}})
        loser = sockets["older" if survivor == "newer" else "newer"]
        await loser.ws.wait_closed()
        numbers = [c["conn"] for c in r.relay.journal("conn", state="registered")]
        assert (await r.relay.state())["connections"][USER][MOBILE] == (
            numbers[0] if survivor == "newer" else numbers[-1]
        )
        await settled(sockets[survivor], "c")

    with_relay(tmp_path, test, WITHOUT=without)


# Presence, heads, gaps ---------------------------------------------------------------------------------------------


def test_presence_says_who_comes_and_goes_with_a_growing_epoch(tmp_path):
    async def test(r):
        mobile = await r.client()
        for _ in range(2):
            desktop = await r.client(DESKTOP, "desktop")
            await desktop.ws.close()
            await until(lambda: mobile.of("presence") and not mobile.of("presence")[-1]["payload"]["online"], "offline")
        seen = [f["payload"] for f in mobile.of("presence")]
        assert [(p["deviceId"], p["online"]) for p in seen] == [(DESKTOP, True), (DESKTOP, False)] * 2
        assert len({p["boot"] for p in seen}) == 1
        epochs = [p["epoch"] for p in seen]
        assert epochs == sorted(set(epochs))

    with_relay(tmp_path, test)


def test_a_newcomer_is_told_who_is_there_and_a_replacement_is_no_absence(tmp_path):
    async def test(r):
        await r.client(DESKTOP, "desktop")
        mobile = await r.client()
        (there,) = await until(lambda: mobile.of("presence"), "presence at registration")
        assert there["payload"]["deviceId"] == DESKTOP
        await r.client(DESKTOP, "desktop")
        await until(lambda: r.relay.journal("conn", state="closed"), "the old socket ended")
        await settled(mobile, "c")
        assert [f["payload"]["online"] for f in mobile.of("presence")] == [True, True]

    with_relay(tmp_path, test)


def test_without_presence_notices_nobody_is_told(tmp_path):
    async def test(r):
        mobile = await r.client()
        await r.client(DESKTOP, "desktop")
        await settled(mobile, "c")
        assert not mobile.of("presence")

    with_relay(tmp_path, test, WITHOUT="lost-events.presence-notices")


def head(rev):
    return event_frame("sync:head", {"desktop": DESKTOP, "store": "s", "rev": rev})


def test_heads_are_fanned_out_every_time_equal_or_not(tmp_path):
    async def test(r):
        desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
        for rev in (1, 1, 2):
            await desktop.send(head(rev))
            await settled(mobile, f"c{len(mobile.frames)}")
            await until(lambda rev=rev: [f for f in mobile.of("sync:head") if f["payload"]["rev"] == rev], "head")
        await until(lambda: len(mobile.of("sync:head")) == 3, "three heads")

    with_relay(tmp_path, test)


@pytest.mark.parametrize(("without", "kept"), [("", [2]), ("lost-events.kept-heads", [])])
def test_the_latest_head_is_kept_for_who_registers_later(tmp_path, without, kept):
    async def test(r):
        desktop = await r.client(DESKTOP, "desktop")
        await desktop.send(head(1))
        await desktop.send(head(2))
        await settled(desktop, "c")
        await desktop.ws.close()
        mobile = await r.client()
        await settled(mobile, "c")
        assert [f["payload"]["rev"] for f in mobile.of("sync:head")] == kept

    with_relay(tmp_path, test, WITHOUT=without)


async def flood(r, size=16, extra=50):
    """A mobile that stops reading, and a desktop that goes on: what the mobile got when it reads again."""
    desktop, mobile = await r.client(DESKTOP, "desktop"), await r.client()
    mobile.ws.transport.pause_reading()
    text = "x" * 200_000
    count = 0
    while len(r.relay.journal("drop")) < extra and count < 2000:
        await desktop.send(event(count, text=text))
        count += 1
        if count % 20 == 0:
            await settled(desktop, f"c{count}")
        if count == 400 and not r.relay.journal("drop"):
            break
    await desktop.send(head(count))
    await settled(desktop, "last")
    mobile.ws.transport.resume_reading()
    return desktop, mobile, count


def test_a_full_mailbox_drops_the_newest_events_and_says_how_many(tmp_path):
    async def test(r):
        _, mobile, count = await flood(r)
        await until(lambda: mobile.of("sync:head"), "the head behind it all")
        got = [f["payload"]["n"] for f in mobile.of("job:status-changed")]
        assert got == sorted(set(got))
        lost = sum(f["payload"]["lost"] for f in mobile.of("sync:gap"))
        assert lost == len(r.relay.journal("drop")) == count - len(got) > 0

    with_relay(tmp_path, test)


@pytest.mark.parametrize("without", ["mailbox-full.gap", "lost-events.control-lane"])
def test_without_gap_or_control_lane_a_full_mailbox_is_silent(tmp_path, without):
    async def test(r):
        desktop, mobile, count = await flood(r)
        await until(lambda: len(mobile.of("job:status-changed")) >= count - len(r.relay.journal("drop")), "the rest")
        await desktop.send(event(-1))
        await until(lambda: mobile.frames[-1].get("payload", {}).get("n") == -1, "the last event")
        assert not mobile.of("sync:gap")
        assert r.relay.journal("drop")

    with_relay(tmp_path, test, WITHOUT=without)


def test_an_unbounded_mailbox_drops_nothing(tmp_path):
    async def test(r):
        _, mobile, count = await flood(r)
        await until(lambda: len(mobile.of("job:status-changed")) == count, "all of them")
        assert not r.relay.journal("drop")

    with_relay(tmp_path, test, POLICIES="mailbox-full.gap=unbounded")


def test_delivery_in_any_order_shuffles_bursts(tmp_path):
    async def test(r):
        _, mobile, _ = await flood(r)
        await until(lambda: mobile.of("sync:head"), "the head")
        got = [f["payload"]["n"] for f in mobile.of("job:status-changed")]
        assert len(set(got)) == len(got)
        assert got != sorted(got)

    with_relay(tmp_path, test, WITH="transport.delivery-order=any")


# Dead peers --------------------------------------------------------------------------------------------------------


def test_a_silent_peer_is_closed_and_one_that_only_answers_pings_is_not(tmp_path):
    async def test(r):
        idle = await r.client(MOBILE)  # the library answers the relay's pings
        dead = await r.client(MOBILE_2)
        dead.ws.transport.pause_reading()
        await until(lambda: r.relay.journal("conn", state="closed"), "the dead one")
        assert list((await r.relay.state())["connections"][USER]) == [MOBILE]
        await settled(idle, "c")

    with_relay(tmp_path, test, TIMING_PING_S="0.1", TIMING_DEAD_PEER_S="0.5")


def test_without_its_patience_ending_the_relay_keeps_who_vanished_without_a_word(tmp_path):
    async def test(r):
        vanished = await r.client(DESKTOP)
        caller = await r.client(MOBILE)
        vanished.ws.transport.pause_reading()
        await asyncio.sleep(0.6)  # six times what it may be silent for
        assert set((await r.relay.state())["connections"][USER]) == {DESKTOP, MOBILE}
        await caller.send(call_frame(DESKTOP, "job.get", {"jobId": "j"}, "c"))
        await settled(caller, "later")
        assert replies(caller, "c") == []

    with_relay(tmp_path, test, TIMING_DEAD_PEER_S="0.1", WITHOUT="transport.dead-client")


def test_the_desktop_registers_with_a_real_relay(tmp_path):
    async def test(r):
        mobile = await r.client()
        await r.start_desktop()
        await until(lambda: mobile.of("sync:head"), "its first head")
        await create(r.desktop)
        await until(lambda: mobile.of("job:created"), "an event")

    with_relay(tmp_path, test)
