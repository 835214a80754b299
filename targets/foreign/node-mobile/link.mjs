// The link to the relay (docs/wire.md): connect, register, stay alive, come back with back-off; and calls over it.
import { randomUUID } from "node:crypto";
import WebSocket from "ws";

const OPTIONS = { perMessageDeflate: false, maxPayload: 10 * 1024 * 1024, allowSynchronousEvents: false };
const JITTER = 0.15;
const LOOKS = 12; // at a silent socket, before it is given up

export class Link {
  registered = false;
  foreground = true;
  #socket = null;
  #timer = null;
  #failures = 0;
  #calls = new Map();

  // `ms(name)` is a timer in milliseconds; `on` is told {registered, event}.
  constructor(env, ms, on) {
    Object.assign(this, { env, ms, on });
  }

  connect() {
    const step = Math.min(this.ms("BACKOFF_MAX"), this.ms("BACKOFF_UNIT") * 2 ** (this.#failures - 1));
    const wait = this.#failures++ ? step * (1 + JITTER * (2 * Math.random() - 1)) : 0;
    this.#timer = setTimeout(() => this.#open(), wait);
  }

  suspend() {
    this.foreground = false;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    this.#lose();
  }

  resume() {
    if (this.foreground) return;
    this.foreground = true;
    this.#failures = 0;
    this.connect();
  }

  // A promise of the result; it is broken with the error {code, message, …}.
  call(method, params, patience) {
    if (!this.registered) return Promise.reject({ code: "offline", message: "not registered" });
    const id = randomUUID();
    const payload = { targetDeviceId: this.env.DESKTOP_DEVICE_ID, messageType: "rpc", payload: { method, params, id } };
    this.#send({ type: "relay", payload });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end(id, null, { code: "timeout", message: "no answer" }), patience);
      this.#calls.set(id, { resolve: (result) => resolve({ ...result, call: id }), reject, timer });
    });
  }

  #end(id, result, error) {
    const call = this.#calls.get(id);
    if (!this.#calls.delete(id)) return;
    clearTimeout(call.timer);
    result ? call.resolve(result) : call.reject(error ?? { code: "internal", message: "neither result nor error" });
  }

  #send(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  #open() {
    const { RELAY_URL, TOKEN, DEVICE_ID, NODE_NAME } = this.env;
    const headers = { Authorization: `Bearer ${TOKEN}`, "X-Device-ID": DEVICE_ID, "X-Client-Type": "mobile" };
    const socket = new WebSocket(RELAY_URL, { ...OPTIONS, headers, handshakeTimeout: this.ms("UPGRADE") });
    const timers = [];
    let since = Infinity;
    socket.on("upgrade", ({ socket: raw }) => timers.push(this.#watch(socket, raw)));
    socket.on("open", () => {
      if (socket !== this.#socket) return;
      this.#send({ type: "register", payload: { deviceId: DEVICE_ID, deviceName: NODE_NAME } });
      timers.push(setTimeout(() => this.registered || socket.terminate(), this.ms("REGISTER")));
    });
    socket.on("message", (data) => {
      if (socket !== this.#socket) return;
      const frame = JSON.parse(data);
      if (this.registered || !["registered", "resumed"].includes(frame.type)) return this.#take(frame);
      since = performance.now();
      timers.push(setInterval(() => socket.send('{"type":"heartbeat"}'), this.ms("HEARTBEAT")));
      this.registered = true;
      this.on.registered();
    });
    socket.on("error", (problem) => console.error(`link: ${problem.message}`));
    socket.on("close", () => {
      timers.forEach(clearInterval);
      if (socket !== this.#socket) return;
      if (performance.now() - since >= this.ms("STABLE")) this.#failures = 0;
      this.#lose();
      this.connect();
    });
    this.#socket = socket;
  }

  // Any bytes are a sign of life. Looks are counted and not time: who was stopped himself has heard nobody.
  #watch(socket, raw) {
    let [heard, silent] = [-1, 0];
    return setInterval(() => {
      silent = raw.bytesRead === heard ? silent + 1 : 0;
      heard = raw.bytesRead;
      if (silent >= LOOKS) socket.terminate();
    }, this.ms("DEAD_PEER") / LOOKS);
  }

  #take({ type, messageType, eventType, payload, sourceDeviceId, response }) {
    if (type === "relay_response") this.#end(response.correlationId, response.result, response.error);
    else if (messageType ?? eventType) this.on.event(messageType ?? eventType, payload, sourceDeviceId);
  }

  #lose() {
    this.#socket = null;
    this.registered = false;
    for (const id of [...this.#calls.keys()]) this.#end(id, null, { code: "disconnected", message: "link lost" });
  }
}
