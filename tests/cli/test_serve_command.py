"""`harness serve` as a command: where it listens, how it ends."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
from contextlib import closing

import pytest
from cli_rig import LIMIT_S, Harness, command


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_answers_there_and_ends_well(harness: Harness, by: signal.Signals) -> None:
    with subprocess.Popen(
        command("serve", "--port", "0"),
        cwd=harness.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
            with closing(http.client.HTTPConnection(host, int(port), timeout=LIMIT_S)) as connection:
                connection.request("GET", "/")
                assert "No run yet" in connection.getresponse().read().decode()
            process.send_signal(by)
            out, err = process.communicate(timeout=LIMIT_S)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "", "note: stopped\n")


def test_a_port_that_is_taken_is_told(harness: Harness) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = harness("serve", "--port", str(taken.getsockname()[1]))
    assert said.code == 255 and "--port 0" in said.err and said.is_clean()


def test_a_host_that_is_none_is_told(harness: Harness) -> None:
    said = harness("serve", "--port", "0", "--host", "192.0.2.77")
    assert said.code == 255 and "192.0.2.77" in said.err and said.is_clean()


def test_it_warns_when_others_can_reach_it(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.serve.server.Server.serve_forever", lambda self: None)
    assert "no password" in harness("serve", "--port", "0", "--host", "0.0.0.0").err
    assert "no password" not in harness("serve", "--port", "0").err


def test_it_opens_a_browser_only_when_asked(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("harness.serve.server.Server.serve_forever", lambda self: None)
    monkeypatch.setattr("webbrowser.open", opened.append)
    harness("serve", "--port", "0")
    assert opened == []
    said = harness("serve", "--port", "0", "--open")
    assert opened == [said.out.strip()]
