"""Who is answered, with what, and what nobody gets."""

from __future__ import annotations

import os
import re
import shutil
import socket
from pathlib import Path

import pytest
from serve_rig import Client, Played, Shown, row, serving, store_of

from harness.serve import files, looking
from harness.serve.server import Server, is_loopback
from harness.store import StoreProblem
from harness.store.index import Store

PAGES = ("/", "/plans", "/plans/edge/duplicate-events", "/signatures", "/compare", "/style.css", "/nix", "/runs/nix/")


def test_a_name_that_is_not_this_host_s_gets_nothing(client: Client) -> None:
    for host in (
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "192.168.7.7",
        "[2001:db8::1]",
        "",
        "[",
    ):
        found = client.raw("GET", "/", [("Host", host)])
        assert found.status == 421 and "edge" not in found.body, host
        assert "localhost" in found.body, "it says what would be right"
    for host in ("127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8765", "127.0.0.2"):
        assert client("/", host=host).status == 200, host


def test_a_request_with_no_host_or_two_gets_nothing(client: Client) -> None:
    assert client.raw("GET", "/", []).status == 421
    assert client.raw("GET", "/", [("Host", "localhost"), ("Host", "evil.example")]).status == 421


def test_beyond_loopback_a_host_goes_by_its_address_and_the_name_it_was_given(tmp_path: Path) -> None:
    with Server(tmp_path, "0.0.0.0", 0) as server:
        assert server.knows("10.1.2.3:80", mine="10.1.2.3") and not server.knows("10.1.2.4", mine="10.1.2.3")
        assert server.url.startswith("http://127.0.0.1:")
    with Server(tmp_path, "localhost", 0) as server:
        assert server.knows("localhost", mine="127.0.0.1")
    assert is_loopback("127.0.0.1") and is_loopback("::1") and is_loopback("localhost")
    assert not is_loopback("0.0.0.0") and not is_loopback("example.org")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "NIX"])
def test_nothing_can_be_changed(client: Client, method: str) -> None:
    found = client("/", method=method)
    assert found.status == 405 and found.headers["Allow"] == "GET, HEAD"


def test_head_is_get_without_a_body(client: Client, played_store: Played) -> None:
    for path in ("/plans", f"/runs/{played_store.bad}/trace.json"):
        got, head = client(path), client(path, method="HEAD")
        assert head.body == "" and head.status == 200 and head.headers["Content-Length"] == str(len(got.body.encode()))


def test_after_the_headers_of_head_nothing_comes(client: Client, played_store: Played) -> None:
    for path in ("/plans", f"/runs/{played_store.bad}/trace.json"):
        with socket.create_connection(client.server.server_address, timeout=30) as connection:
            connection.sendall(f"HEAD {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            with connection.makefile("rb") as all_of_it:
                assert all_of_it.read().endswith(b"\r\n\r\n"), path


def test_every_answer_has_the_headers_that_shut_it_off(client: Client, played_store: Played) -> None:
    of_run = [f"/runs/{played_store.bad}/{name}" for name in ("", "report.html", "results.json", "plan.yaml", "nix")]
    answers = [client(path) for path in (*PAGES, *of_run)]
    answers += [
        client("/", host="evil.example"),
        client("/", method="POST"),
        client(f"/compare?run={played_store.bad}"),
    ]
    for found in answers:
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert found.headers["Referrer-Policy"] == "no-referrer"
        assert found.headers["Cache-Control"] == "no-store"
        policy = found.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy
    assert {found.status for found in answers} == {200, 404, 421, 405}


def test_no_page_of_the_server_runs_a_script(client: Client, played_store: Played) -> None:
    compared = f"/compare?a={played_store.good}&b={played_store.hostile}"
    for path in (*PAGES, f"/runs/{played_store.hostile}/", compared):
        found = client(path)
        assert "script-src" not in found.headers["Content-Security-Policy"], path
        tags = Shown(found.body).tags
        assert "script" not in {tag for tag, _ in tags}
        assert not [name for _, attributes in tags for name in attributes if name.startswith("on")]


def test_a_report_runs_its_own_scripts_alone_and_apart_from_the_server(client: Client, played_store: Played) -> None:
    found = client(f"/runs/{played_store.hostile}/report.html")
    own = re.search(r'Security-Policy" content="([^"]+)"', found.body)
    assert found.status == 200 and own is not None
    policy = found.headers["Content-Security-Policy"]
    assert policy.startswith(own[1].replace("&#39;", "'") + ";")
    assert "sandbox allow-scripts" in policy and "allow-same-origin" not in policy


def test_a_report_that_names_no_scripts_runs_none(tmp_path: Path, played_store: Played) -> None:
    shutil.copytree(played_store.store, tmp_path / "store")
    (report,) = (tmp_path / "store").glob(f"*/*-{played_store.bad}/report.html")
    for text in (
        "<script>alert(1)</script>",
        '<meta http-equiv="Content-Security-Policy" content="x&#10;Set-Cookie: a">',
    ):
        report.write_text(text)
        with serving(tmp_path / "store") as client:
            found = client(f"/runs/{played_store.bad}/report.html")
        assert found.headers["Content-Security-Policy"].startswith("default-src 'none'; img-src data:")
        assert "Set-Cookie" not in found.headers


@pytest.mark.parametrize(
    "name",
    [
        *("../../index.db", "..%2f..%2findex.db", "%2e%2e/%2e%2e/index.db", "nodes/../run.json", "./run.json"),
        *("/etc/passwd", "%2fetc%2fpasswd", "report.html/../../../index.db", "secret.txt", "nodes/relay/other.log"),
        *("run.json%00", "RUN.JSON", "nodes", "minimal-..yaml", "..", "%ff"),
    ],
)
def test_only_files_with_known_names_are_sent(tmp_path: Path, played_store: Played, name: str) -> None:
    shutil.copytree(played_store.store, tmp_path / "store")
    run = next((tmp_path / "store").glob(f"*/*-{played_store.bad}"))
    (run / "secret.txt").write_text("secret")
    (run / "nodes" / "relay").mkdir(parents=True)
    (run / "nodes" / "relay" / "other.log").write_text("secret")
    with serving(tmp_path / "store") as client:
        assert client(f"/runs/{played_store.bad}/{name}").status in (400, 404)
        assert client(f"/runs/{played_store.bad}/run.json").status == 200


def test_a_link_that_leads_out_of_the_store_is_not_followed(tmp_path: Path, played_store: Played) -> None:
    shutil.copytree(played_store.store, tmp_path / "store")
    run = next((tmp_path / "store").glob(f"*/*-{played_store.bad}"))
    (tmp_path / "outside").write_text("secret")
    (run / "summary.md").unlink()
    (run / "summary.md").symlink_to(tmp_path / "outside")
    moved = tmp_path / "moved"
    other = next((tmp_path / "store").glob(f"*/*-{played_store.good}"))
    shutil.move(other, moved)
    other.symlink_to(moved)
    with serving(tmp_path / "store") as client:
        assert client(f"/runs/{played_store.bad}/summary.md").status == 404
        assert "summary.md" not in client.page(f"/runs/{played_store.bad}/").text
        assert client(f"/runs/{played_store.good}/run.json").status == 404


@pytest.mark.parametrize("place", ["../outside", "/outside", "."])
def test_a_row_that_leads_out_of_the_store_has_no_files(tmp_path: Path, played_store: Played, place: str) -> None:
    shutil.copytree(played_store.files(played_store.good), tmp_path / "outside")
    place = str(tmp_path / "outside") if place == "/outside" else place
    store = store_of(tmp_path / "store", row(1, directory=place))
    assert files.directory(store, row(1, directory=place)) is None
    with serving(store) as client:
        assert client(f"/runs/{row(1).id}/run.json").status == 404
        assert "not kept" in client.page(f"/runs/{row(1).id}/").text


def test_logs_and_plans_are_text_whatever_they_hold(tmp_path: Path, played_store: Played) -> None:
    shutil.copytree(played_store.store, tmp_path / "store")
    run = next((tmp_path / "store").glob(f"*/*-{played_store.bad}"))
    (run / "nodes" / "relay").mkdir(parents=True)
    (run / "nodes" / "relay" / "stderr.log").write_text("<script>alert(1)</script>")
    with serving(tmp_path / "store") as client:
        assert "nodes/relay/stderr.log" in client.page(f"/runs/{played_store.bad}/").text
        for name in ("nodes/relay/stderr.log", "plan.yaml", "summary.md", "junit.xml", "history.edn"):
            found = client(f"/runs/{played_store.bad}/{name}")
            assert found.status == 200 and found.headers["Content-Type"].startswith("text/plain"), name
            assert "sandbox" in found.headers["Content-Security-Policy"]
        packed = client(f"/runs/{played_store.bad}/history.jsonl.gz")
        assert packed.headers["Content-Disposition"] == "attachment"


def test_a_plan_that_means_harm_does_none(client: Client, played_store: Played) -> None:
    for path in (f"/runs/{played_store.hostile}/", f"/compare?a={played_store.good}&b={played_store.hostile}"):
        found = client(path)
        assert "<script" not in found.body and "<img" not in found.body
        assert "<script>alert(1)</script>" in Shown(found.body).text, "it is shown as what it is"


def test_words_from_an_address_are_shown_as_they_are(client: Client) -> None:
    for path in (
        "/?q=%3Cscript%3E",
        "/?night=%22%3E%3Cscript%3E",
        "/plans/%3Cscript%3E",
        "/%3Cscript%3E",
        "/compare?a=%22%3E%3Cscript%3E",
    ):
        assert "<script" not in client(path).body, path


def test_the_index_cannot_be_written(tmp_path: Path) -> None:
    store = store_of(tmp_path / "store", row(1))
    with looking.index(store) as index:
        assert index is not None
        with pytest.raises(StoreProblem):
            index.read("DELETE FROM runs")
    assert len(Store(store).rows()) == 1


def test_a_store_that_one_may_only_read_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path / "store", row(1))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with looking.index(store) as index:
        assert index is not None and index.run(row(1).id) is not None
        assert [file.name for file in store.iterdir()] == ["index.db"], "not even for a moment is there more"


def test_nothing_is_made_where_there_is_no_store(tmp_path: Path) -> None:
    with serving(tmp_path / "store") as client:
        assert "harness run quickstart" in client.page("/").text
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_said(tmp_path: Path, played_store: Played) -> None:
    shutil.copytree(played_store.store, tmp_path / "store")
    run = next((tmp_path / "store").glob(f"*/*-{played_store.bad}"))
    (run / "results.json").write_text("[{")
    with serving(tmp_path / "store") as client:
        found = client(f"/runs/{played_store.bad}/")
        assert found.status == 500 and "results.json" in found.body and "Traceback" not in found.body
        (tmp_path / "store" / "index.db").write_text("no database at all, but long enough to be looked at" * 9)
        found = client("/")
        assert found.status == 503 and "index.db" in found.body
