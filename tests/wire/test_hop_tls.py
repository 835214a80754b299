"""A link dials a server that speaks TLS only if somebody vouches for it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
import trustme
from toxiproxy_server import free_port

from harness import registry
from harness.wire.hop_link import Link, LinkConfig


@pytest.mark.parametrize(
    ("known", "name", "answered"), [(True, "relay", True), (False, "relay", False), (True, "other", False)]
)
def test_who_is_dialled_is_who_the_certificate_names(tmp_path: Path, known: bool, name: str, answered: bool) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    (authority if known else stranger).cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("relay").configure_cert(context)

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        writer.close()

    async def whole() -> bytes:
        server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
        enter, leave = ("127.0.0.1", free_port()), ("127.0.0.1", free_port())
        upstream, trusts = server.sockets[0].getsockname(), str(tmp_path / "ca.pem")
        config = LinkConfig(
            client="phone",
            server="relay",
            enter=enter,
            proxy=leave,
            leave=leave,
            upstream=upstream,
            trusts=trusts,
            server_name=name,
        )
        link = Link(config, lambda tap: None, registry.find("dialect", "jobsync"))
        await link.listen()
        try:
            reader, writer = await asyncio.open_connection(*enter)
            writer.write(b"hello")
            return await reader.read(100)
        except ConnectionResetError:
            return b""
        finally:
            await link.close()
            server.close()

    assert asyncio.run(asyncio.wait_for(whole(), 20)) == (b"hello" if answered else b"")
