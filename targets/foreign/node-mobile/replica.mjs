// What is shown: the jobs of one scope, kept by events in the order of their revisions; whatever leaves a doubt is
// answered by a list of the whole scope.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Text } from "./text.mjs";

const CHUNK = "job:response-appended";
// A mistake to be found: a chunk is appended whatever its revision, so that its duplicate is appended as well.
const APPENDS_TWICE = process.env.NODE_MOBILE_DEFECT === "append-twice";

export class Replica {
  visit = 0; // how often a scope was opened
  jobs = new Map(); // id → {row, text, rev, attempt}
  scope = null;
  #store = null;
  #retired = new Set(); // stores of the desktop that are gone
  #slow = 0; // lists that came too late: a large one on a slow path takes its time

  constructor(desktop, link, journal) {
    Object.assign(this, { desktop: desktop.toLowerCase(), link, journal });
  }

  // `seen`: all revisions up to it have come, or a list is due that covers them; `late`: the last that needs one.
  open(scope, cause) {
    Object.assign(this, { visit: this.visit + 1, scope, listed: false, seen: 0, late: 0, doubts: 0, repairs: false });
    Object.assign(this, { jobs: new Map(), gone: new Map() });
    this.#observe({ kind: "scope", set: { scope, visit: this.visit }, cause });
    this.doubt();
  }

  asked() {
    return "session" in this.scope ? { sessionId: this.scope.session } : { projectDirectory: this.scope.project };
  }

  event(type, payload, source) {
    if (type.startsWith("job:")) this.#job(type, payload, payload.sync?.desktop ?? source);
    else if (type === "sync:gap") this.doubt();
    else if (type === "presence" && payload.online && this.#ours(payload.deviceId)) this.doubt();
    else if (type === "sync:head" && this.#ours(payload.desktop) && this.#knows(payload)) this.#heard(payload.rev);
  }

  #ours(device) {
    return device?.toLowerCase() === this.desktop;
  }

  // Lists: one at a time, and one after it if there was a doubt meanwhile

  doubt() {
    this.doubts += 1;
    if (!this.repairs && this.scope && this.link.registered) this.#repair(this.visit);
  }

  async #repair(visit) {
    this.repairs = true;
    for (let failures = 0; this.doubts && this.link.registered; ) {
      await sleep(this.link.ms("COALESCE_MAX") * 2 ** Math.min(failures, 4));
      if (visit !== this.visit) return;
      this.doubts = 0;
      const done = await this.#list(visit);
      if (visit !== this.visit) return;
      failures = done ? 0 : failures + 1;
      this.doubts += done ? 0 : 1;
    }
    this.repairs = false;
    this.gone.clear();
  }

  async #list(visit) {
    const { ms } = this.link;
    let [asOf, page, last] = [Infinity];
    do {
      const after = last && { createdAt: last.createdAt, id: last.id };
      const params = { ...this.asked(), bypassCache: true, pageSize: 200, after };
      try {
        page = await this.link.call("job.list", params, Math.min(ms("CALL"), ms("FETCH") * 2 ** this.#slow));
      } catch (error) {
        if (error instanceof Error) throw error;
        this.#slow += error.code === "timeout" ? 1 : 0;
        return false;
      }
      if (visit !== this.visit || !this.#knows(page) || visit !== this.visit) return false;
      if (page.more && !page.jobs.length) return false;
      this.#merge(page, last);
      asOf = Math.min(asOf, page.asOf);
      last = page.jobs.at(-1);
    } while (page.more);
    if (this.late > asOf) this.doubt();
    if (!this.listed) this.#observe({ kind: "listed", cause: `list:${page.call}` });
    Object.assign(this, { listed: true, late: 0 });
    return true;
  }

  // A page removes only what would stand in it: between the last row before it and its own last one.
  #merge({ jobs, more, asOf, call }, after) {
    const listed = new Set(jobs.map((row) => row.id));
    for (const row of jobs) this.#install(row, row.sync, `list:${call}`);
    for (const [job, { row, rev }] of [...this.jobs]) {
      const inside = (!after || order(after, row) < 0) && (!more || order(row, jobs.at(-1)) < 0);
      if (inside && !listed.has(job) && rev <= asOf) this.#remove(job, asOf, `list:${call}`);
    }
    this.seen = Math.max(this.seen, asOf);
  }

  // Events

  #heard(rev, first = rev + 1) {
    if (first > this.seen + 1) this.listed ? this.doubt() : (this.late = rev);
    this.seen = Math.max(this.seen, rev);
  }

  #job(type, payload, desktop) {
    const { sync, jobId: job = payload.job?.id } = payload;
    if ((sync && !this.#knows(sync)) || !this.scope || !this.#ours(desktop)) return;
    const [held, before] = [this.jobs.get(job), this.seen];
    if (sync) this.#heard(sync.rev, Math.min(sync.rev, ...(sync.covers ?? [])));
    if (!this.#holds({ sessionId: this.scope.session, ...payload.job, ...payload, ...held?.row })) return;
    if (!this.listed) return void (this.late = Math.max(this.late, sync?.rev ?? Infinity));
    if (APPENDS_TWICE && held && type === CHUNK) return this.#change(job, held, type, payload);
    if (sync && sync.rev <= (held?.rev ?? before)) return;
    const length = payload.accumulatedLength ?? payload.accumulated_length;
    if (!sync || (type === CHUNK && length === undefined)) return this.doubt(); // an old desktop, which says too little
    if (type === "job:deleted") return this.#remove(job, sync.rev, `event:${sync.msg}`);
    if (payload.job) return this.#install(payload.job, sync, `event:${sync.msg}`);
    if (sync.prev !== held?.rev || !(sync.set ?? sync.delta)) return this.doubt();
    if (type === CHUNK && sync.start !== held.text.bytes) return this.doubt();
    this.#change(job, held, type, payload);
  }

  #holds({ sessionId, projectHash }) {
    if ("session" in this.scope) return sessionId === this.scope.session;
    const ours = createHash("sha256").update(this.scope.project).digest("hex");
    return (projectHash ?? ours) === ours;
  }

  #change(job, held, type, { sync, chunk, response: whole, accumulatedLength, accumulated_length }) {
    const before = held.text.bytes;
    const { attempt, response = whole, ...set } = sync.set ?? merged(held.row, sync.delta);
    if (type === CHUNK) held.text.append(chunk);
    else if (typeof response === "string" && response !== held.text.value) held.text = new Text().append(response);
    for (const name of Object.keys(set)) if (isDeepStrictEqual(held.row[name] ?? null, set[name])) delete set[name];
    Object.assign(held.row, set);
    for (const name of Object.keys(set)) if (set[name] === null) delete held.row[name];
    Object.assign(held, { rev: Math.max(held.rev, sync.rev), attempt: sync.attempt });
    const place = { end: accumulatedLength ?? accumulated_length, length: held.text.bytes - before, before };
    const kind = type === CHUNK ? { kind: "append", ...place } : { kind: "patch" };
    this.#show(job, held, { ...kind, set, cause: `event:${sync.msg}` });
  }

  // Rows

  #install({ response, sync, ...row }, { rev, attempt }, cause) {
    const former = this.jobs.get(row.id);
    if (rev <= (former?.rev ?? this.gone.get(row.id) ?? 0)) return;
    const held = { row, rev, attempt, text: new Text().append(response ?? "") };
    this.jobs.set(row.id, held);
    this.#show(row.id, held, { kind: "row", set: { ...row }, cause });
  }

  #remove(job, rev, cause) {
    const held = this.jobs.get(job);
    if (this.repairs) this.gone.set(job, rev); // a list under way may still bring the row
    if (!this.jobs.delete(job)) return;
    const said = { session: held.row.sessionId, attempt: held.attempt, rev: { desktop: this.desktop, n: rev } };
    this.#observe({ kind: "remove", job, ...said, cause });
  }

  // False for a store of the desktop that is gone; a new one voids all that was known.
  #knows({ desktop, store }) {
    if (!this.#ours(desktop) || !store || store === this.#store) return true;
    if (this.#retired.has(store)) return false;
    const former = this.#store;
    this.#store = store;
    if (former) {
      this.#retired.add(former);
      this.open(this.scope, `local:store:${store}`);
    }
    return true;
  }

  #show(job, { row, text: { bytes, digest }, rev, attempt }, said) {
    const known = { job, session: row.sessionId, rev: { desktop: this.desktop, n: rev }, attempt, bytes, digest };
    this.#observe({ ...known, ...said });
  }

  #observe(fields) {
    this.journal("observe", { ...fields, visit: this.visit });
  }
}

// The columns after a delta, in which `metadata` is a patch and null deletes.
function merged(row, delta) {
  const all = Object.entries({ ...row.metadata, ...delta?.metadata });
  return { ...delta, ...(delta?.metadata && { metadata: Object.fromEntries(all.filter(([, to]) => to !== null)) }) };
}

// The order of a list: the newest first, then by the code points of their ids.
function order(one, other) {
  return other.createdAt - one.createdAt || Buffer.compare(Buffer.from(one.id), Buffer.from(other.id));
}
