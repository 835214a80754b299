// A mobile in JavaScript: a replica of one desktop's jobs, driven and watched by its probe.
import { readFileSync } from "node:fs";
import { Link } from "./link.mjs";
import { Probe } from "./probe.mjs";
import { Replica } from "./replica.mjs";
import { Text } from "./text.mjs";

const { env } = process;
const DEFINITE = ["not_found", "invalid_params", "forbidden", "desktop_offline", "offline"];
const FILTERS = ["statusFilter", "taskTypeFilter", "page", "pageSize", "bypassCache"];
const boot_id = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
// Evidence level 1: its state and what it shows; nothing of its calls and lists.
const probe = new Probe(env, { name: env.NODE_NAME, role: "mobile", level: 1, boot_id }, answer);
const ms = (name) => 1000 * env[`TIMING_${name}_S`];
const event = (...said) => replica.event(...said);
const link = new Link(env, ms, { registered: () => replica.doubt(), event });
const replica = new Replica(env.DESKTOP_DEVICE_ID, link, (line, fields) => probe.journal(line, fields));

async function answer(frame) {
  if (frame.state) return { state: state() };
  try {
    const operation = operations[frame.op];
    if (!operation) throw { code: "invalid_params", message: "this program cannot do that" };
    return { type: "ok", value: await operation(frame.value ?? {}) };
  } catch (error) {
    if (error instanceof Error) throw error; // a mistake of this program: it ends, and stderr says where
    return { type: DEFINITE.includes(error.code) ? "fail" : "info", error };
  }
}

const operations = {
  open: ({ scope }) => opened(scope, "local:open"),
  switch: ({ scope }) => opened(scope, "local:switch"),
  close: () => opened(null, "local:close"),
  list: listed,
  get: async ({ jobId }) => {
    const { job, asOf } = await link.call("job.get", { jobId }, ms("CALL"));
    return { job: summary(job), asOf, source: "desktop" };
  },
  cancel: (params) => called("job.cancel", params),
  delete: (params) => called("job.delete", params),
  background: () => link.suspend() ?? {},
  foreground: () => link.resume() ?? {},
};

// A session whose name begins with `mobile-session-` stands for the whole project.
function opened(scope, cause) {
  const { session, project } = scope ?? {};
  const one = session && !session.startsWith("mobile-session-") ? { session } : { project };
  replica.open(scope && one, cause);
  return { visit: replica.visit };
}

async function listed(value) {
  if (!replica.scope) throw { code: "invalid_params", message: "no scope is open" };
  const params = { ...replica.asked() };
  for (const name of FILTERS) if (value[name] != null) params[name] = value[name];
  const { jobs, ...rest } = await link.call("job.list", params, ms("CALL"));
  return { ...rest, jobs: jobs.map(summary), source: "desktop", params };
}

async function called(method, { jobId, idempotencyKey }) {
  await link.call(method, { jobId, idempotencyKey }, ms("CALL"));
  return {};
}

function summary({ response, ...row }) {
  const { bytes, digest } = new Text().append(response ?? "");
  return { ...row, bytes, digest };
}

function state() {
  const { scope, visit, listed, jobs } = replica;
  const rows = [...jobs].map(([id, { row, text }]) => [id, { ...row, response: text.value }]);
  const { foreground, registered } = link;
  return { scope, foreground, registered, listed, visit, jobs: Object.fromEntries(rows) };
}

probe.dial();
link.connect();
