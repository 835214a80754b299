"""The splitter finds every message, however the stream is cut, and loses no byte of what it cannot read."""

from __future__ import annotations

import random

import pytest
from frames import BINARY, PING, REQUEST, RESPONSE, TEXT, Row, chunked, cuts, frame, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.wire.splitter import FRAME_CAP_BYTES, HEAD_CAP_BYTES, Kind, Piece, Splitter

MASK = b"\x01\x80\xff\x07"


def split(chunks: list[bytes]) -> tuple[list[Piece], Splitter]:
    splitter = Splitter()
    return [piece for chunk in chunks for piece in splitter.feed(chunk)], splitter


def described(pieces: list[Piece]) -> list[tuple[object, ...]]:
    return [(p.kind, p.raw, p.opcode, p.payload, p.compressed) for p in pieces]


# ---- streams of frames ----------------------------------------------------------------------------------------------


@given(rows(), cuts)
@settings(deadline=None)
def test_pieces_are_the_frames_however_the_stream_is_cut(row: Row, places: list[int]) -> None:
    pieces, splitter = split(chunked(row.data, places))
    assert described(pieces) == [(u.kind, u.raw, u.opcode, u.payload, u.compressed) for u in row.units]
    assert splitter.whole and splitter.problem is None


@pytest.mark.parametrize("head", [REQUEST, RESPONSE])
def test_a_stream_may_be_cut_at_every_byte(head: bytes) -> None:
    parts = [
        frame(TEXT, "Привет".encode(), mask=MASK),
        frame(BINARY, b"", mask=MASK),
        frame(TEXT, b"a" * 130, fin=False),
        frame(PING, b"now"),
        frame(0, b"", fin=True, wide=8),
        frame(TEXT, b"b" * 70_000),
    ]
    data = head + b"".join(parts)
    whole, _ = split([data])
    one_by_one, _ = split([bytes([byte]) for byte in data])
    assert described(one_by_one) == described(whole)
    for at in [*range(len(head) + 400), *range(len(data) - 20, len(data))]:
        halves, _ = split([data[:at], data[at:]])
        assert described(halves) == described(whole)


@given(rows(), cuts, st.integers(0, 2**20))
@settings(deadline=None)
def test_at_the_end_of_a_stream_the_unfinished_rest_is_given_away(row: Row, places: list[int], end: int) -> None:
    data = row.data[: end % (len(row.data) + 1)]
    pieces, splitter = split(chunked(data, places))
    assert sorted(b"".join(p.raw for p in pieces) + splitter.drain()) == sorted(data)


def test_a_message_of_many_megabytes_is_found_in_small_reads() -> None:
    message = frame(TEXT, b"x" * 5_000_000, mask=MASK)
    pieces, _ = split([REQUEST, *(message[i : i + 65_536] for i in range(0, len(message), 65_536))])
    assert [len(p.payload) for p in pieces[1:]] == [5_000_000]


# ---- what is no WebSocket -------------------------------------------------------------------------------------------


@given(st.binary(max_size=300), cuts)
def test_random_bytes_pass_unchanged(data: bytes, places: list[int]) -> None:
    pieces, splitter = split(chunked(data, places))
    assert b"".join(p.raw for p in pieces) + splitter.drain() == data


@given(rows(), st.binary(min_size=1, max_size=300), st.integers(0, 2**20), cuts)
@settings(deadline=None)
def test_garbage_in_a_stream_loses_no_byte(row: Row, noise: bytes, at: int, places: list[int]) -> None:
    at %= len(row.data) + 1
    data = row.data[:at] + noise + row.data[at:]
    pieces, splitter = split(chunked(data, places))
    assert sorted(b"".join(p.raw for p in pieces) + splitter.drain()) == sorted(data)
    for piece in pieces:
        assert isinstance(piece.payload, bytes)


@given(rows(), st.lists(st.tuples(st.integers(0, 2**20), st.integers(1, 255)), min_size=1, max_size=5), cuts)
@settings(deadline=None)
def test_mutated_frames_lose_no_byte(row: Row, flips: list[tuple[int, int]], places: list[int]) -> None:
    data = bytearray(row.data)
    for at, bits in flips:
        data[at % len(data)] ^= bits
    pieces, splitter = split(chunked(bytes(data), places))
    assert sorted(b"".join(p.raw for p in pieces) + splitter.drain()) == sorted(data)
    if splitter.problem is not None:
        assert splitter.feed(b"more")[0].kind is Kind.OPAQUE


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (frame(3, b"x"), "reserved opcode 3"),
        (frame(11, b"x"), "reserved opcode 11"),
        (frame(PING, b"x", fin=False), "control frame"),
        (frame(PING, b"x" * 126), "control frame"),
        (frame(TEXT, b"x", bits=0x20), "reserved bits"),
        (frame(0, b"x"), "continuation of no message"),
        (b"\x81\xff" + (FRAME_CAP_BYTES + 1).to_bytes(8, "big"), "a frame of"),
    ],
)
def test_a_stream_that_turns_bad_passes_through_and_says_why(bad: bytes, why: str) -> None:
    good = frame(TEXT, b"good")
    for size in (1, 1000):
        data = RESPONSE + good + bad + good
        pieces, splitter = split([data[i : i + size] for i in range(0, len(data), size)])
        assert [p.kind for p in pieces[:2]] == [Kind.HEAD, Kind.MESSAGE]
        assert {p.kind for p in pieces[2:]} == {Kind.OPAQUE}
        assert b"".join(p.raw for p in pieces) == data
        assert splitter.problem is not None and why in splitter.problem


def test_a_message_within_a_message_gives_the_begun_one_away_too() -> None:
    data = RESPONSE + frame(TEXT, b"begun", fin=False) + frame(TEXT, b"another") + b"tail"
    pieces, splitter = split([data])
    assert b"".join(p.raw for p in pieces) == data
    assert splitter.problem is not None and splitter.opaque


def test_plain_http_passes_and_is_no_problem() -> None:
    data = b"POST /token HTTP/1.1\r\nHost: relay\r\nContent-Length: 2\r\n\r\n{}"
    pieces, splitter = split([data[:30], data[30:]])
    assert b"".join(p.raw for p in pieces) == data and {p.kind for p in pieces} == {Kind.OPAQUE}
    assert splitter.problem is None


def test_a_head_without_end_is_none() -> None:
    pieces, splitter = split([b"GET / HTTP/1.1\r\n", b"a: b\r\n" * (HEAD_CAP_BYTES // 6 + 1)])
    assert splitter.problem is not None and sum(len(p.raw) for p in pieces) > HEAD_CAP_BYTES


def test_a_compressed_message_is_marked_whole() -> None:
    data = RESPONSE + frame(TEXT, b"\xaa", fin=False, bits=0x40) + frame(0, b"\xbb") + frame(TEXT, b"plain")
    pieces, _ = split([data])
    assert [p.compressed for p in pieces[1:]] == [True, False]


@given(st.integers(0, 2**32))
@settings(max_examples=20)
def test_the_order_of_bytes_is_kept_but_for_control_frames_within_a_message(seed: int) -> None:
    draws = random.Random(seed)
    parts = [frame(TEXT, draws.randbytes(draws.randrange(300)), mask=MASK) for _ in range(20)]
    data = REQUEST + b"".join(parts)
    pieces, _ = split(chunked(data, [draws.randrange(len(data)) for _ in range(10)]))
    assert b"".join(p.raw for p in pieces) == data
