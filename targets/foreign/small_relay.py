"""A small relay for the device link, in one file: a WebSocket server between the devices of a user.

    env: RELAY_HOST RELAY_PORT   where to listen
         JWT_SECRET              of the clients' tokens (HS256)
         RELAY_WRAP              flat (default) or event: how an event is wrapped for its receivers
         RELAY_TEXT              as-is (default) or nfc: compose accented letters, for old receivers

It keeps nothing but who is connected, the last head of every desktop, and which calls wait for an answer.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

BOOT = uuid.uuid4().hex
Json = dict[str, Any]


def read_token(token: str, secret: str) -> Json | None:
    """The claims of a token that is ours and still good."""
    try:
        head, body, sign = token.split(".")
        wanted = hmac.new(secret.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(wanted, unpad(sign)) or json.loads(unpad(head))["alg"] != "HS256":
            return None
        claims: Json = json.loads(unpad(body))
        return claims if claims["exp"] > time.time() else None
    except (ValueError, KeyError):
        return None


def unpad(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Peer:
    """One registered device. What is sent to it goes out in order, by one task."""

    def __init__(self, ws: ServerConnection, user: str, kind: str, epoch: int) -> None:
        self.ws, self.user, self.kind, self.epoch = ws, user, kind, epoch
        self.device = ""
        self.outbox: asyncio.Queue[str] = asyncio.Queue()
        self.calls: dict[str, Peer] = {}  # id → desktop that was asked

    def post(self, frame: Json) -> None:
        self.outbox.put_nowait(json.dumps(frame, ensure_ascii=False))

    async def drain(self) -> None:
        try:
            while True:
                await self.ws.send(await self.outbox.get())
        except ConnectionClosed:
            pass


class SmallRelay:
    def __init__(self, env: Mapping[str, str]) -> None:
        self.secret = env["JWT_SECRET"]
        self.wrap = env.get("RELAY_WRAP", "flat")
        self.compose = env.get("RELAY_TEXT", "as-is") == "nfc"
        self.ping_s = float(env.get("TIMING_PING_S", "30"))
        self.dead_s = float(env.get("TIMING_DEAD_PEER_S", "60"))
        self.peers: dict[tuple[str, str], Peer] = {}
        self.heads: dict[tuple[str, str], Json] = {}
        self.epochs = 0
        self.closing: list[asyncio.Future[None]] = []

    def check(self, ws: ServerConnection, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or read_token(token, self.secret) is None:
            return ws.respond(401, "token, please\n")
        return None

    async def serve_one(self, ws: ServerConnection) -> None:
        assert ws.request is not None
        claims = read_token(ws.request.headers["Authorization"].partition(" ")[2], self.secret)
        if claims is None:
            return
        self.epochs += 1
        peer = Peer(ws, claims["sub"], ws.request.headers.get("X-Client-Type", ""), self.epochs)
        writer = asyncio.create_task(peer.drain())
        try:
            while True:
                async with asyncio.timeout(self.dead_s):
                    self.take(peer, await ws.recv(decode=True))
        except (ConnectionClosed, TimeoutError):
            pass
        finally:
            writer.cancel()
            self.gone(peer)

    def take(self, peer: Peer, text: str) -> None:
        if self.compose:
            text = unicodedata.normalize("NFC", text)
        try:
            frame = json.loads(text)
            kind = frame["type"]
        except (ValueError, KeyError, TypeError):
            peer.post(refusal("invalid_json", "expected an object with a type"))
            return
        if kind == "register":
            self.register(peer, frame["payload"])
        elif not peer.device:
            peer.post(refusal("auth_required", "register first"))
        elif kind == "event":
            self.event(peer, frame)
        elif kind == "relay":
            self.call(peer, frame["payload"])
        elif kind == "relay_response":
            self.answer(peer, frame)
        elif kind != "heartbeat":
            peer.post(refusal("unknown_message_type", str(kind)))

    def register(self, peer: Peer, payload: Json) -> None:
        device = str(payload["deviceId"]).lower()
        old = self.peers.get((peer.user, device))
        if old is not None and old.epoch > peer.epoch:
            return  # a late frame of a connection that was given up long ago
        if old is not None and old is not peer:
            self.gone(old)
        peer.device = device
        self.peers[peer.user, device] = peer
        session = str(uuid.uuid4())
        peer.post(
            {"type": "registered", "sessionId": session, "resumeToken": session, "expiresAt": now_ms() + 3600_000}
        )
        for other in self.others(peer):
            peer.post(self.wrapped("presence", presence(other, True), other.device))
            other.post(self.wrapped("presence", presence(peer, True), device))
        for (user, desktop), head in self.heads.items():
            if user == peer.user and desktop != device:
                peer.post(self.wrapped("sync:head", head, desktop))

    def gone(self, peer: Peer) -> None:
        if self.peers.get((peer.user, peer.device)) is not peer:
            return
        del self.peers[peer.user, peer.device]
        for other in self.others(peer):
            other.post(self.wrapped("presence", presence(peer, False), peer.device))
            for number in [n for n, desktop in other.calls.items() if desktop is peer]:
                del other.calls[number]
                other.post(failed(other, number, "disconnected"))
        self.closing = [task for task in self.closing if not task.done()]
        self.closing.append(asyncio.ensure_future(peer.ws.close()))

    def others(self, peer: Peer) -> list[Peer]:
        return [p for (user, _), p in self.peers.items() if user == peer.user and p is not peer]

    def event(self, peer: Peer, frame: Json) -> None:
        name = frame.get("eventType") or frame.get("messageType")
        if not name or peer.kind != "desktop":
            peer.post(refusal("invalid_payload", "only desktops publish, and an event has an eventType"))
            return
        if name == "sync:head":
            self.heads[peer.user, peer.device] = frame["payload"]
        for other in self.others(peer):
            other.post(self.wrapped(name, frame["payload"], peer.device))

    def wrapped(self, name: str, payload: Json, source: str) -> Json:
        inner = {"messageType": name, "payload": payload, "targetDeviceId": None, "sourceDeviceId": source}
        stamped = {**inner, "timestamp": now_ms()}
        return {"type": "relay_event", **stamped} if self.wrap == "event" else stamped

    def call(self, peer: Peer, payload: Json) -> None:
        asked = payload["payload"]
        number = str(asked["id"])
        desktop = self.peers.get((peer.user, str(payload["targetDeviceId"]).lower()))
        if desktop is None:
            peer.post(failed(peer, number, "desktop_offline"))
            return
        peer.calls[number] = desktop
        request = {"method": asked["method"], "params": asked.get("params", {}), "correlationId": number}
        desktop.post({"type": "relay", "clientId": peer.device, "request": request})

    def answer(self, peer: Peer, frame: Json) -> None:
        caller = self.peers.get((peer.user, str(frame["clientId"]).lower()))
        if caller is not None and caller.calls.pop(str(frame["response"]["correlationId"]), None) is not None:
            caller.post({"type": "relay_response", "clientId": caller.device, "response": frame["response"]})

    async def run(self, host: str, port: int) -> None:
        options: Json = {"compression": None, "max_size": 10_000_000, "process_request": self.check}
        pings: Json = {"ping_interval": self.ping_s, "ping_timeout": self.dead_s}
        async with serve(self.serve_one, host, port, **options, **pings) as server:
            await server.serve_forever()


def presence(peer: Peer, online: bool) -> Json:
    return {"deviceId": peer.device, "online": online, "boot": BOOT, "epoch": peer.epoch}


def refusal(code: str, message: str) -> Json:
    return {"type": "error", "code": code, "message": message, "timestamp": now_ms()}


def failed(caller: Peer, number: str, code: str) -> Json:
    response = {"correlationId": number, "error": {"code": code, "message": code}, "isFinal": True}
    return {"type": "relay_response", "clientId": caller.device, "response": response}


def now_ms() -> int:
    return int(time.time() * 1000)


async def main(argv: Sequence[str], env: Mapping[str, str]) -> None:
    await SmallRelay(env).run(env.get("RELAY_HOST", "127.0.0.1"), int(env.get("RELAY_PORT", "8000")))
