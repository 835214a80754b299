// The probe: by it the harness drives and watches this program (docs/probe.md).
import WebSocket from "ws";

const REDIAL_MS = 500;

export class Probe {
  #kept = []; // [number, text] of the lines that nobody has acknowledged
  #next = 1;
  #socket = null;
  #watched = false;

  // `hello` is the hello but for its clock; `answer(frame)` is a promise of what is answered, but for its id.
  constructor(env, hello, answer) {
    Object.assign(this, { env, hello, answer });
  }

  journal(line, fields) {
    // The time is written by hand: in nanoseconds it may be more than a double holds.
    const text = `{"journal":[${this.#next},${process.hrtime.bigint()},"${line}",${JSON.stringify(fields)}]}`;
    this.#kept.push([this.#next++, text]);
    if (this.#watched) this.#socket.send(text);
  }

  dial() {
    const headers = { Authorization: `Bearer ${this.env.HARNESS_PROBE_TOKEN}` };
    const socket = new WebSocket(this.env.HARNESS_PROBE_URL, { headers, perMessageDeflate: false });
    const hello = JSON.stringify(this.hello).slice(0, -1);
    socket.on("open", () => socket.send(`{"hello":${hello},"clock_ns":${process.hrtime.bigint()}}}`));
    socket.on("message", (data) => this.#take(JSON.parse(data)));
    socket.on("error", (problem) => console.error(`probe: ${problem.message}`));
    socket.on("close", () => {
      this.#watched = false;
      setTimeout(() => this.dial(), REDIAL_MS);
    });
    this.#socket = socket;
  }

  async #take(frame) {
    if ("journal_from" in frame) {
      for (const [number, text] of this.#kept) if (number >= frame.journal_from) this.#socket.send(text);
      this.#watched = true;
    } else if ("ack" in frame) {
      this.#kept = this.#kept.filter(([number]) => number > frame.ack);
    } else {
      const said = JSON.stringify({ id: frame.id, ...(await this.answer(frame)) });
      if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(said);
    }
  }
}
