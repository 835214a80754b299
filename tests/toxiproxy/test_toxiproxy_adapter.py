"""The adapter against the real server: what each call does to bytes, and what the library underneath gets wrong."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from toxiproxy_rig import HELD_MS, Pair, address, connected, ended, listener, received, toxics
from toxiproxy_server import RunningToxiproxy, free_port, start_toxiproxy

from harness.runtimes.toxiproxy.adapter import Toxic, Toxiproxy, ToxiproxyError, ToxiproxyWedged

pytestmark = pytest.mark.toxiproxy

NAME = "mobile-1->relay"  # as the harness names proxies: it has to be quoted in URLs
UP, DOWN = toxics("upstream"), toxics("downstream")


@pytest.fixture
def api(toxiproxy_server: RunningToxiproxy) -> Toxiproxy:
    return toxiproxy_server.api


@pytest.fixture
def pair(api: Toxiproxy) -> Iterator[Pair]:
    """A connection through a proxy with the usual toxics."""
    listen = f"127.0.0.1:{free_port()}"
    with listener() as upstream:
        api.create(NAME, listen, address(upstream), [*UP, *DOWN])
        with connected(listen, upstream) as both:
            yield both


def hold(api: Toxiproxy, stream: str, ms: int = HELD_MS) -> None:
    api.patch(NAME, f"latency_{stream}", {"latency": ms, "jitter": 0})
    api.patch(NAME, f"slow_close_{stream}", {"delay": ms})


# ---- what calls do ---------------------------------------------------------------------------------------------------


def test_a_proxy_is_created_with_all_its_toxics(api: Toxiproxy) -> None:
    listen = f"127.0.0.1:{free_port()}"
    made = api.create(NAME, listen, "127.0.0.1:9", [*UP, *DOWN])
    assert (made.name, made.listen, made.upstream, made.enabled) == (NAME, listen, "127.0.0.1:9", True)
    assert sorted(made.toxics, key=lambda t: t.name) == sorted([*UP, *DOWN], key=lambda t: t.name)
    assert api.proxies() == {NAME: made}


def test_bytes_pass_both_ways(pair: Pair) -> None:
    pair.client.sendall(b"ping")
    assert received(pair.server, 4) == b"ping"
    pair.server.sendall(b"pong")
    assert received(pair.client, 4) == b"pong"


def test_held_bytes_and_the_end_come_in_order_when_released(api: Toxiproxy, pair: Pair) -> None:
    hold(api, "upstream")
    sent = b"".join(number.to_bytes(4, "big") * 64 for number in range(100))
    for at in range(0, len(sent), 256):
        pair.client.sendall(sent[at : at + 256])
    pair.client.close()
    assert pair.is_silent(pair.server)
    hold(api, "upstream", 0)
    assert received(pair.server, len(sent)) == sent
    assert ended(pair.server)


def test_one_direction_is_held_alone(api: Toxiproxy, pair: Pair) -> None:
    hold(api, "downstream")
    pair.server.sendall(b"late")
    pair.client.sendall(b"early")
    assert received(pair.server, 5) == b"early"
    assert pair.is_silent(pair.client)
    hold(api, "downstream", 0)
    assert received(pair.client, 4) == b"late"


def test_disabling_cuts_and_refuses_until_it_is_enabled(api: Toxiproxy, pair: Pair) -> None:
    listen = api.proxies()[NAME].listen
    api.enable(NAME, False)
    assert ended(pair.client)
    assert ended(pair.server)
    with pytest.raises(ConnectionRefusedError), listener() as nobody, connected(listen, nobody):
        pass
    assert not api.proxies()[NAME].enabled
    api.enable(NAME, True)
    assert api.proxies()[NAME].enabled


def test_enabling_and_disabling_for_long_never_wedges_it(api: Toxiproxy, pair: Pair) -> None:
    for _ in range(30):
        api.enable(NAME, False)
        api.enable(NAME, True)
        hold(api, "upstream")
        hold(api, "upstream", 0)
    assert api.proxies()[NAME].enabled


# ---- what the library underneath gets wrong --------------------------------------------------------------------------


def test_the_version_is_text(api: Toxiproxy) -> None:
    version = api.version()
    assert isinstance(version, str)
    assert [part.isdigit() for part in version.split(".")] == [True, True, True]


def test_two_servers_at_once_are_not_confused(toxiproxy_binary: Path, api: Toxiproxy) -> None:
    other = start_toxiproxy(toxiproxy_binary)
    try:
        first, second = api, other.api
        first.create("one", f"127.0.0.1:{free_port()}", "127.0.0.1:9", [])
        second.create("two", f"127.0.0.1:{free_port()}", "127.0.0.1:9", [])
        assert set(first.proxies()) == {"one"}
        assert set(second.proxies()) == {"two"}
    finally:
        other.stop()


def test_a_proxy_of_the_environment_is_not_asked(api: Toxiproxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert api.version()


def test_a_port_in_use_is_an_error_that_names_it(api: Toxiproxy) -> None:
    with listener() as taken, pytest.raises(ToxiproxyError, match="address already in use") as caught:
        api.create(NAME, address(taken), "127.0.0.1:9", [])
    assert not isinstance(caught.value, ToxiproxyWedged)


def test_enabling_on_a_port_that_is_taken_meanwhile_is_an_error_and_no_success(api: Toxiproxy) -> None:
    with listener() as taken:
        free = f"127.0.0.1:{free_port()}"
        api.create(NAME, free, address(taken), [])
        api.enable(NAME, False)
        api_port = int(free.rpartition(":")[2])
        with socket.create_server(("127.0.0.1", api_port)), pytest.raises(ToxiproxyError, match="in use"):
            api.enable(NAME, True)
    assert not api.proxies()[NAME].enabled


def test_a_name_in_use_is_an_error_with_the_servers_reason(api: Toxiproxy) -> None:
    api.create(NAME, f"127.0.0.1:{free_port()}", "127.0.0.1:9", [])
    with pytest.raises(ToxiproxyError, match="proxy already exists"):
        api.create(NAME, f"127.0.0.1:{free_port()}", "127.0.0.1:9", [])


def test_what_is_not_there_is_an_error_with_the_servers_reason(api: Toxiproxy) -> None:
    with pytest.raises(ToxiproxyError, match="proxy not found"):
        api.enable("nobody", True)
    api.create(NAME, f"127.0.0.1:{free_port()}", "127.0.0.1:9", [])
    with pytest.raises(ToxiproxyError, match="toxic not found"):
        api.patch(NAME, "nothing", {"latency": 1})


def test_a_toxic_of_no_known_type_is_an_error(api: Toxiproxy) -> None:
    unknown = Toxic(name="t", type="gremlin", stream="upstream", attributes={})
    with pytest.raises(ToxiproxyError, match="invalid toxic type"):
        api.create(NAME, f"127.0.0.1:{free_port()}", "127.0.0.1:9", [unknown])


def test_an_attribute_that_the_server_ignores_is_an_error(api: Toxiproxy) -> None:
    misspelt = msgspec.structs.replace(UP[0], attributes={"latencey": 5})
    with pytest.raises(ToxiproxyError, match="latencey"):
        api.create(NAME, f"127.0.0.1:{free_port()}", "127.0.0.1:9", [misspelt])
    api.create("right", f"127.0.0.1:{free_port()}", "127.0.0.1:9", UP)
    with pytest.raises(ToxiproxyError, match="lag"):
        api.patch("right", "latency_upstream", {"lag": 5})


def test_a_proxy_for_all_addresses_serves_its_port(api: Toxiproxy) -> None:
    port = free_port()
    with listener() as upstream:
        made = api.create(NAME, f"0.0.0.0:{port}", address(upstream), [*UP, *DOWN])
        assert made.listen.rpartition(":")[2] == str(port)  # the server says `[::]` for the host
        with connected(f"127.0.0.1:{port}", upstream) as both:
            both.client.sendall(b"x")
            assert received(both.server, 1) == b"x"
