"""The simulated transport behaves as asyncio's does on real loopback sockets: the same callbacks on either side."""

from __future__ import annotations

import pytest
from parity_rig import LIMIT_S, Scene, in_simulator, on_sockets

assert LIMIT_S  # the rig's bound on a real wait

BIG = 8_000_000  # more than all buffers between two sockets hold


async def refused(s: Scene) -> None:
    try:
        await s.connect()
    except OSError as exc:
        s.remark(type(exc).__name__, exc.errno)


async def server_greets(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.write(b"hi")
    await s.meet()
    await s.until(lambda: s.client.received == 2)


async def client_closes(s: Scene) -> None:
    await s.meet()
    s.client.transport.close()
    await s.until(lambda: s.lost("server"))


async def client_aborts(s: Scene) -> None:
    await s.meet()
    s.client.transport.abort()
    await s.until(lambda: s.lost("server"))


async def server_closes_at_once(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.close()
    await s.meet()
    await s.until(lambda: s.lost("client"))


async def server_aborts_at_once(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.abort()
    await s.meet()
    await s.until(lambda: s.lost("client"))


async def both_close(s: Scene) -> None:
    await s.meet()
    s.client.transport.close()
    s.server.transport.close()
    await s.until(lambda: s.lost("client") and s.lost("server"))


async def question_and_answer_then_close(s: Scene) -> None:
    await s.meet()
    s.client.transport.write(b"x" * 10)
    await s.until(lambda: s.server.received == 10)
    s.server.transport.write(b"y" * 5)
    s.server.transport.close()
    await s.until(lambda: s.lost("client"))
    s.remark(s.client.received)


async def half_close_and_late_answer(s: Scene) -> None:
    s.server_hooks["eof"] = lambda p: True
    await s.meet()
    s.client.transport.write(b"question")
    s.client.transport.write_eof()
    await s.until(lambda: ("eof",) in s.log["server"])
    s.server.transport.write(b"answer")
    await s.until(lambda: s.client.received == 6)
    s.server.transport.close()
    await s.until(lambda: s.lost("client"))


async def write_after_eof(s: Scene) -> None:
    await s.meet()
    s.client.transport.write_eof()
    try:
        s.client.transport.write(b"x")
    except RuntimeError as exc:
        s.remark(str(exc))
    await s.until(lambda: s.lost("client"))


async def write_after_close(s: Scene) -> None:
    await s.meet()
    s.client.transport.close()
    s.client.transport.write(b"x")
    await s.until(lambda: s.lost("server"))
    s.remark(s.server.received)


async def writes_to_a_closed_peer(s: Scene) -> None:
    s.client_hooks["eof"] = lambda p: True
    await s.meet()
    s.server.transport.abort()
    await s.until(lambda: ("eof",) in s.log["client"])
    s.client.transport.write(b"answered by a reset")
    await s.settle()
    s.client.transport.write(b"a broken pipe")
    await s.until(lambda: s.lost("client"))


async def close_with_unread_data(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"z" * 100)
    await s.until(lambda: s.unread(s.server) == 100)
    s.server.transport.close()
    await s.until(lambda: s.lost("client"))


async def data_before_a_reset_is_still_read(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    s.client_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"q" * 10)
    await s.until(lambda: s.unread(s.server) == 10)
    s.server.transport.write(b"a" * 20)
    await s.until(lambda: s.unread(s.client) == 20)
    s.server.transport.close()
    await s.settle()
    s.client.transport.resume_reading()
    await s.until(lambda: s.lost("client"))


async def data_and_end_wait_for_a_paused_reader(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"w" * 50)
    s.client.transport.close()
    await s.until(lambda: s.unread(s.server) == 50)
    s.remark(list(s.log["server"]))
    s.server.transport.resume_reading()
    await s.until(lambda: s.lost("server"))


async def flow_control(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"f" * BIG)
    s.remark(s.client.transport.get_write_buffer_size() > 0)
    await s.settle()
    s.server.transport.resume_reading()
    await s.until(lambda: s.server.received == BIG and ("resume_writing",) in s.log["client"])
    s.remark(s.client.transport.get_write_buffer_size())


async def close_flushes_what_is_buffered(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"f" * BIG)
    s.client.transport.close()
    await s.settle()
    s.remark(s.lost("client"))
    s.server.transport.resume_reading()
    await s.until(lambda: s.lost("server") and s.lost("client"))


async def eof_comes_after_what_is_buffered(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"f" * BIG)
    s.client.transport.write_eof()
    await s.settle()
    s.server.transport.resume_reading()
    await s.until(lambda: s.lost("server") and s.lost("client"))


async def abort_throws_away_what_is_buffered(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"f" * BIG)
    s.client.transport.abort()
    await s.settle()
    s.server.transport.resume_reading()
    await s.until(lambda: s.lost("server"))
    s.remark(0 < s.server.received < BIG)
    del s.log["server"][1]  # how much got through is the kernel's business


async def a_blocked_writer_hears_of_a_reset(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"f" * BIG)
    await s.settle()
    s.server.transport.abort()
    await s.until(lambda: s.lost("client"))


async def a_paused_reader_hears_of_a_reset_when_it_writes(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    s.client_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"unread")
    await s.until(lambda: s.unread(s.server) == 6)
    s.server.transport.abort()
    await s.settle()
    s.remark(list(s.log["client"]))
    s.client.transport.write(b"more")
    await s.until(lambda: s.lost("client"))


async def an_exception_in_data_received(s: Scene) -> None:
    await s.meet()
    s.server.raise_on_data = True
    s.client.transport.write(b"poison")
    await s.until(lambda: s.lost("server") and s.lost("client"))


async def limits_of_the_write_buffer(s: Scene) -> None:
    await s.meet()
    transport = s.client.transport
    s.remark(transport.get_write_buffer_limits())
    for limits in ({"high": 100}, {"low": 100}, {"high": 100, "low": 7}, {}):
        transport.set_write_buffer_limits(**limits)
        s.remark(transport.get_write_buffer_limits())
    try:
        transport.set_write_buffer_limits(high=1, low=2)
    except ValueError as exc:
        s.remark(type(exc).__name__)


async def a_closed_listener_keeps_its_connections(s: Scene) -> None:
    await s.meet()
    s.listener.close()
    s.client.transport.write(b"still here")
    await s.until(lambda: s.server.received == 10)
    s.client_hooks.clear()
    first = s.client
    try:
        await s.connect()
    except OSError as exc:
        s.remark(type(exc).__name__)
    s.client = first


async def what_a_transport_says_of_itself(s: Scene) -> None:
    await s.meet()
    transport = s.client.transport
    s.remark(transport.is_reading(), transport.is_closing(), transport.can_write_eof())
    transport.pause_reading()
    transport.pause_reading()
    s.remark(transport.is_reading())
    transport.resume_reading()
    transport.resume_reading()
    s.remark(transport.is_reading(), transport.get_protocol() is s.client)
    transport.close()
    s.remark(transport.is_reading(), transport.is_closing())
    transport.pause_reading()
    transport.resume_reading()
    await s.until(lambda: s.lost("server"))
    try:
        s.server.transport.write("text")
    except TypeError as exc:
        s.remark(type(exc).__name__)


async def all_kinds_of_bytes(s: Scene) -> None:
    await s.meet()
    transport = s.client.transport
    transport.writelines([b"a", bytearray(b"b"), memoryview(b"xcx")[1:2]])
    transport.write(bytearray(b"d"))
    transport.write(memoryview(b"xxe")[2:])
    transport.write(b"")
    await s.until(lambda: s.server.received == 5)
    s.remark(s.server.received, transport.get_write_buffer_size())


async def names_of_both_ends(s: Scene) -> None:
    await s.meet()
    client, server = s.client.transport, s.server.transport
    for of_one, of_other in (("sockname", "peername"), ("peername", "sockname")):
        s.remark(client.get_extra_info(of_one) == server.get_extra_info(of_other))
    s.remark(type(client.get_extra_info("peername")).__name__, len(client.get_extra_info("peername")))
    s.remark(client.get_extra_info("nothing of the kind"), client.get_extra_info("nothing of the kind", 7))


async def a_new_protocol_takes_over(s: Scene) -> None:
    await s.meet()
    first = s.server
    second = type(first)(s.log["server"], {})
    first.transport.set_protocol(second)
    s.client.transport.write(b"for the second")
    await s.until(lambda: second.received == 14)
    s.remark(first.received, first.transport.get_protocol() is second)
    s.client.transport.close()
    await s.until(lambda: s.lost("server"))


async def abort_with_unread_data(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.write(b"never read")
    await s.until(lambda: s.unread(s.server) == 10)
    s.server.transport.abort()
    await s.until(lambda: s.lost("client"))


async def close_twice_and_abort_after_close(s: Scene) -> None:
    await s.meet()
    transport = s.client.transport
    transport.close()
    transport.close()
    transport.abort()
    s.remark(transport.is_closing())
    await s.until(lambda: s.lost("server"))
    transport.abort()
    transport.close()


async def end_of_stream_while_paused_and_closed_by_the_reader(s: Scene) -> None:
    s.server_hooks["made"] = lambda p: p.transport.pause_reading()
    await s.meet()
    s.client.transport.close()
    await s.settle()
    s.remark(list(s.log["server"]))
    s.server.transport.close()
    await s.until(lambda: s.lost("server"))


async def both_half_close(s: Scene) -> None:
    s.client_hooks["eof"] = s.server_hooks["eof"] = lambda p: True
    await s.meet()
    s.client.transport.write_eof()
    s.server.transport.write_eof()
    await s.until(lambda: ("eof",) in s.log["client"] and ("eof",) in s.log["server"])
    s.remark(s.client.transport.is_closing(), s.server.transport.is_closing())
    s.client.transport.close()
    s.server.transport.close()
    await s.until(lambda: s.lost("client") and s.lost("server"))


SCENARIOS = [
    refused,
    server_greets,
    client_closes,
    client_aborts,
    server_closes_at_once,
    server_aborts_at_once,
    both_close,
    question_and_answer_then_close,
    half_close_and_late_answer,
    write_after_eof,
    write_after_close,
    writes_to_a_closed_peer,
    close_with_unread_data,
    data_before_a_reset_is_still_read,
    data_and_end_wait_for_a_paused_reader,
    flow_control,
    close_flushes_what_is_buffered,
    eof_comes_after_what_is_buffered,
    abort_throws_away_what_is_buffered,
    a_blocked_writer_hears_of_a_reset,
    a_paused_reader_hears_of_a_reset_when_it_writes,
    an_exception_in_data_received,
    limits_of_the_write_buffer,
    a_closed_listener_keeps_its_connections,
    what_a_transport_says_of_itself,
    all_kinds_of_bytes,
    names_of_both_ends,
    a_new_protocol_takes_over,
    abort_with_unread_data,
    close_twice_and_abort_after_close,
    end_of_stream_while_paused_and_closed_by_the_reader,
    both_half_close,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_callbacks_are_the_same_on_sockets_and_in_the_simulator(scenario: object) -> None:
    assert in_simulator(scenario) == on_sockets(scenario)  # type: ignore[arg-type]
