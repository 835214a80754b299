// The timeline of a whole run: every operation, message and fault on one canvas.
// All text comes from the run and is not trusted: it is only ever set as textContent, or drawn.
// The files `whole.N_….js` are one function, in the order of their numbers.

const root = document.querySelector(".whole");
const source = document.getElementById("whole-data");
if (!root || !source) return;

const CALL = 0, COMMIT = 1, OBSERVE = 2, NOTE = 3, FAULT = 4; // and 5: read at the end
const FAIL = 1, INFO = 2, UNANSWERED = 3;
const KINDS = ["Calls", "Commits", "Shown by mobiles", "Notes of components", "Faults", "Read at the end"];
const OUTCOMES = [
  "ok: it happened", "fail: it did not happen", "info: it may have happened", "never answered", "a note",
];

const run = JSON.parse(source.textContent);
const {ops, flights, states, strings, lanes, bands, findings} = run;
const count = ops.i.length;
const end = Math.max(run.end, 1);
const index = sums(ops.i), begin = sums(ops.t);
const finish = begin.map((t, i) => ops.d[i] >= 0 ? t + ops.d[i] : ops.k[i] === FAULT ? end : t);
const byOp = new Map();
for (let i = 0; i < count; i++) {
  byOp.set(index[i], i);
  byOp.set(index[i] + ops.e[i], i);
}
const sent = sums(flights.t);
const landed = sent.map((t, i) => t + Math.max(0, flights.d[i]));
const found = new Uint8Array(count); // is it part of a finding?
findings.forEach((finding) => finding.ops.forEach((i) => { found[i] = 1; }));
const ofMessage = new Map(); // message → the operations that name it
for (let i = 0; i < count; i++) {
  if (!ops.m[i]) continue;
  if (!ofMessage.has(ops.m[i])) ofMessage.set(ops.m[i], []);
  ofMessage.get(ops.m[i]).push(i);
}

function sums(steps) {
  const totals = new Float64Array(steps.length);
  let total = 0;
  for (let i = 0; i < steps.length; i++) totals[i] = total += steps[i];
  return totals;
}

function firstAbove(values, limit) { // of values that ascend: the first index whose value is at least `limit`
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < limit) low = middle + 1; else high = middle;
  }
  return low;
}

const number = (n) => n.toLocaleString("en");
const seconds = (us, digits = 6) => `${(us / 1e6).toFixed(digits)} s`;
const lasting = (us) => us >= 1e6 ? seconds(us, 3) : us >= 1000 ? `${(us / 1000).toFixed(3)} ms` : `${us} µs`;
const titleOf = (finding) => finding.reason ? `${finding.check}: ${finding.reason}` : finding.check;
