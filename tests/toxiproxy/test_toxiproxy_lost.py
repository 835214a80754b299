"""A server that hangs, talks nonsense or dies is told from one that refuses, and within the limit of a call."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from toxiproxy_rig import says, toxics
from toxiproxy_server import RunningToxiproxy, free_port

from harness.runtimes.toxiproxy.adapter import Toxiproxy, ToxiproxyError, ToxiproxyWedged

LIMIT_S = 0.3
SLACK_S = 5.0  # for a loaded machine; a call without a limit would never end

Call = Callable[[Toxiproxy], object]
CALLS: dict[str, Call] = {
    "version": lambda api: api.version(),
    "proxies": lambda api: api.proxies(),
    "create": lambda api: api.create("p", "127.0.0.1:1", "127.0.0.1:2", toxics("upstream")),
    "patch": lambda api: api.patch("p", "t", {"latency": 1}),
    "enable": lambda api: api.enable("p", False),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


def gives_up_in_time(call: Call, api: Toxiproxy, why: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(ToxiproxyWedged, match=why):
        call(api)
    assert time.monotonic() - began_s < LIMIT_S + SLACK_S


@every_call
def test_a_server_that_never_answers_is_wedged(call: Call) -> None:
    with says(None) as port:
        gives_up_in_time(call, Toxiproxy("127.0.0.1", port, LIMIT_S), r"no answer within 0\.3 s")


@every_call
def test_a_server_that_is_not_there_is_wedged(call: Call) -> None:
    gives_up_in_time(call, Toxiproxy("127.0.0.1", free_port(), LIMIT_S), "the server is gone")


def test_the_usual_limit_is_two_seconds() -> None:
    with says(None) as port:
        began_s = time.monotonic()
        with pytest.raises(ToxiproxyWedged):
            Toxiproxy("127.0.0.1", port).version()
        assert 1.9 < time.monotonic() - began_s < 2.0 + SLACK_S


def test_an_answer_that_breaks_off_is_wedged() -> None:
    with says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") as port, pytest.raises(ToxiproxyWedged, match="gone"):
        Toxiproxy("127.0.0.1", port, LIMIT_S).version()


@pytest.mark.parametrize("body", [b"hello", b"[]", b'"2.12.0"', b"\xff"])
def test_an_answer_that_is_no_object_is_an_error(body: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with says(answer) as port, pytest.raises(ToxiproxyError, match="no JSON object"):
        Toxiproxy("127.0.0.1", port, LIMIT_S).version()


def test_proxies_of_another_shape_are_an_error() -> None:
    body = b'{"p": {"name": 5}}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with says(answer) as port, pytest.raises(ToxiproxyError, match="not understood"):
        Toxiproxy("127.0.0.1", port, LIMIT_S).proxies()


def test_an_error_of_the_server_without_reason_is_still_an_error() -> None:
    answer = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
    with says(answer) as port, pytest.raises(ToxiproxyError, match=r"500 \(no reason given\)"):
        Toxiproxy("127.0.0.1", port, LIMIT_S).version()


@pytest.mark.toxiproxy
def test_the_real_server_frozen_is_wedged_and_thawed_answers_again(toxiproxy_server: RunningToxiproxy) -> None:
    api = Toxiproxy(toxiproxy_server.host, toxiproxy_server.port, LIMIT_S)
    toxiproxy_server.freeze()
    try:
        gives_up_in_time(CALLS["version"], api, "no answer within")
    finally:
        toxiproxy_server.thaw()
    assert toxiproxy_server.api.version()


@pytest.mark.toxiproxy
def test_the_real_server_killed_between_two_calls_is_wedged(toxiproxy_server: RunningToxiproxy) -> None:
    api = toxiproxy_server.api
    api.create("p", f"127.0.0.1:{free_port()}", "127.0.0.1:9", toxics("upstream"))
    toxiproxy_server.stop()
    with pytest.raises(ToxiproxyWedged, match="the server is gone"):
        api.patch("p", "latency_upstream", {"latency": 1})
