// The timeline of a whole run: every operation, message and fault on one canvas.
// In order: data · filters · layout · drawing · what is under the pointer · panel · moving · input · beginning.
// All text comes from the run and is not trusted: it is only ever set as textContent, or drawn.
(() => {
"use strict";

const root = document.querySelector(".whole");
const source = document.getElementById("whole-data");
if (!root || !source) return;

// ---- data -----------------------------------------------------------------------------------------------------------

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

// ---- filters --------------------------------------------------------------------------------------------------------

const FAINT = 1, PLAIN = 2, DOUBTFUL = 3, FOUND = 4; // what wins where marks fall on one another
const matches = new Uint8Array(count).fill(1), ranks = new Uint8Array(count);
const flightMatches = new Uint8Array(sent.length).fill(1), flightRanks = new Uint8Array(sent.length);
const filters = Object.fromEntries([...root.querySelectorAll("[data-filter]")].map((s) => [s.dataset.filter, s]));
const searchBox = root.querySelector("input[type=search]");
let matching = count;
let searchable = null;

function option(parent, value, text) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  parent.append(made);
}

function fillFilters() {
  for (const select of Object.values(filters)) option(select, "", "all");
  lanes.forEach((lane, at) => { if (!lane.ends) option(filters.node, at, lane.name); });
  const jobs = new Map(), types = KINDS.map(() => new Map()), outcomes = new Set();
  for (let i = 0; i < count; i++) {
    if (ops.j[i]) jobs.set(ops.j[i], (jobs.get(ops.j[i]) || 0) + 1);
    types[ops.k[i]].set(ops.f[i], (types[ops.k[i]].get(ops.f[i]) || 0) + 1);
    outcomes.add(ops.y[i]);
  }
  for (const [job, n] of [...jobs].slice(0, 2000)) option(filters.job, job, `${strings[job]} (${number(n)})`);
  types.forEach((ofKind, kind) => {
    if (!ofKind.size) return;
    const group = document.createElement("optgroup");
    group.label = KINDS[kind];
    option(group, `${kind}:`, `${KINDS[kind]}: all`);
    for (const [f, n] of ofKind) option(group, `${kind}:${f}`, `${strings[f]} (${number(n)})`);
    filters.type.append(group);
  });
  for (const outcome of [...outcomes].sort()) option(filters.outcome, outcome, OUTCOMES[outcome]);
  option(filters.verdict, "any", "part of any finding");
  findings.forEach((finding, at) => option(filters.verdict, at, `${finding.verdict} ${titleOf(finding)}`));
}

function textOf(i) {
  const parts = [ops.f[i], ops.j[i], ops.p[i], ops.c[i], ops.m[i], ops.v[i]].map((at) => strings[at]);
  return parts.join(" ").toLowerCase();
}

function filter() {
  const node = filters.node.value, job = filters.job.value, outcome = filters.outcome.value;
  const [kind, f] = filters.type.value.split(":"), verdict = filters.verdict.value;
  const terms = searchBox.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (terms.length && !searchable) searchable = Array.from({length: count}, (_, i) => textOf(i));
  const ofVerdict = verdict === "" || verdict === "any" ? found : new Uint8Array(count);
  if (ofVerdict !== found) findings[verdict].ops.forEach((i) => { ofVerdict[i] = 1; });
  const messages = new Set();
  matching = 0;
  for (let i = 0; i < count; i++) {
    const fits = (node === "" || ops.l[i] === +node) && (job === "" || ops.j[i] === +job)
      && (!kind || ops.k[i] === +kind) && (!f || ops.f[i] === +f) && (outcome === "" || ops.y[i] === +outcome)
      && (verdict === "" || ofVerdict[i]) && terms.every((term) => searchable[i].includes(term));
    matches[i] = fits ? 1 : 0;
    matching += matches[i];
    if (fits) messages.add(ops.m[i]);
  }
  const byMessage = kind || outcome !== "" || verdict !== "" || terms.length > 0;
  const name = node === "" ? "" : lanes[node].name;
  for (let i = 0; i < sent.length; i++) {
    flightMatches[i] = (!name || lanes[flights.l[i]].ends.includes(name)) && (job === "" || flights.j[i] === +job
      || (flights.m[i] && messages.has(flights.m[i]))) && (!byMessage || messages.has(flights.m[i])) ? 1 : 0;
  }
  rank();
  minimap = null;
  tellCount();
  redraw();
}

function rank() {
  for (let i = 0; i < count; i++) {
    const doubtful = ops.y[i] === FAIL || ops.y[i] === UNANSWERED || ops.y[i] === INFO;
    ranks[i] = !matches[i] ? FAINT : found[i] ? FOUND : doubtful ? DOUBTFUL : PLAIN;
  }
  for (let i = 0; i < sent.length; i++) {
    flightRanks[i] = !flightMatches[i] ? FAINT : flights.d[i] < 0 || flights.g[i] & 1 ? FOUND : PLAIN;
  }
}

function tellCount() {
  const all = matching === count;
  root.querySelector(".whole-count").textContent =
    all ? `${number(count)} operations, ${number(sent.length)} messages` : `${number(matching)} of ${number(count)}`;
  root.dataset.matches = matching;
  root.querySelector("[data-do=clear]").disabled = all;
}

function clearFilters() {
  for (const select of Object.values(filters)) select.value = "";
  searchBox.value = "";
  filter();
}

// ---- layout ---------------------------------------------------------------------------------------------------------

const ROW = 14, LINK = 46, FLAGS = 24, AXIS = 22, MAP = 26, PAD = 8;
const canvas = root.querySelector("canvas");
const context = canvas.getContext("2d", {alpha: false});
let width = 0, height = 0, left = 0, right = 12, beside = true, lanesEnd = 0, ratio = 1;
let view = {from: 0, to: end};
const rows = []; // of marks; {lane, name, ids, from, to, reach, kinds, y}
const rowOf = new Int32Array(count);
const ties = new Map(); // lane → {ids, from, to, reach}, the messages of a link
const places = lanes.map(() => ({y: 0, h: 0}));

function inOrder(ids, from, to) { // `reach`: the latest end so far, so that what began before the picture is found
  const at = (times) => Float64Array.from(ids, (i) => times[i]);
  let latest = -Infinity;
  const reach = at(to).map((t) => latest = Math.max(latest, t));
  return {ids: Int32Array.from(ids), from: at(from), to: at(to), reach};
}

function spread(ids, most) { // over rows, so that nothing hides what it overlaps
  const parts = [], free = [];
  for (const i of ids) {
    let at = free.findIndex((t) => t <= begin[i]);
    if (at < 0) at = Math.min(free.length, most - 1);
    free[at] = Math.max(free[at] || 0, finish[i]);
    (parts[at] = parts[at] || []).push(i);
  }
  return parts;
}

function makeRows() {
  const groups = lanes.map(() => [[], [], []]);
  for (let i = 0; i < count; i++) {
    groups[ops.l[i]][ops.k[i] === NOTE ? 2 : ops.k[i] === CALL || ops.k[i] === FAULT ? 0 : 1].push(i);
  }
  lanes.forEach((lane, at) => {
    const [calls, changes, notes] = groups[at];
    const changed = {harness: "others", desktop: "stored", mobile: "shown"}[lane.role] || "at the end";
    const names = [lane.role === "harness" ? "faults" : "calls", changed, "notes"];
    const parts = spread(calls, 4).map((ids, n) => [ids, n ? "" : names[0]]);
    parts.push([changes, names[1]], [notes, names[2]]);
    for (const [ids, name] of parts) {
      if (!ids.length) continue;
      ids.forEach((i) => { rowOf[i] = rows.length; });
      rows.push({lane: at, name, y: 0, kinds: Uint8Array.from(ids, (i) => ops.k[i]), ...inOrder(ids, begin, finish)});
    }
    const crossing = [];
    for (let i = 0; lane.ends && i < sent.length; i++) if (flights.l[i] === at) crossing.push(i);
    if (lane.ends) ties.set(at, inOrder(crossing, sent, landed));
  });
}

function layout() {
  width = Math.max(240, root.querySelector(".whole-stage").clientWidth);
  beside = width >= 640;
  left = beside ? 148 : 6;
  let y = FLAGS;
  lanes.forEach((lane, at) => {
    const mine = rows.filter((row) => row.lane === at);
    places[at].y = y;
    y += beside ? PAD / 2 : 18;
    mine.forEach((row, n) => { row.y = y + n * (ROW + 2); });
    y += lane.ends ? LINK : Math.max(1, mine.length) * (ROW + 2);
    y += PAD / 2;
    places[at].h = y - places[at].y;
  });
  lanesEnd = y;
  height = y + AXIS + MAP;
  ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  best = new Uint8Array(width + 2);
  crowd = new Uint32Array(width + 2);
  minimap = null;
  redraw();
}

const inner = () => width - left - right;
const xOf = (us) => left + (us - view.from) * inner() / (view.to - view.from);
const usOf = (x) => view.from + (x - left) * (view.to - view.from) / inner();
const linkTop = (at) => places[at].y + (beside ? PAD / 2 : 18);

// ---- drawing --------------------------------------------------------------------------------------------------------

const COLOURS = ["call", "commit", "observe", "note", "fault", "final"];
const MOST_LINES = 400; // messages of one link; more are a skyline
let paint = {}, best, crowd, minimap = null, asked = false, selected = null, hovered = null, carried = [], current = -1;

function readColours() {
  const style = getComputedStyle(root);
  const names = ["paper", "ink", "faint", "rule", "card", "red", "blue", "amber", "fault", "sky"];
  for (const name of names) paint[name] = style.getPropertyValue(`--${name}`).trim();
  for (const name of [...COLOURS, "dim", "rpc"]) paint[name] = style.getPropertyValue(`--whole-${name}`).trim();
  paint.font = "11px system-ui, sans-serif";
  paint.strong = "600 12px system-ui, sans-serif";
}

function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; draw(); });
}

function draw() {
  const started = performance.now();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = paint.paper;
  context.fillRect(0, 0, width, height);
  drawLanes();
  context.save();
  context.beginPath();
  context.rect(left, 0, width - left - right + 1, height);
  context.clip();
  drawGaps();
  drawBands();
  for (const [lane, tie] of ties) drawMessages(lane, tie);
  for (const row of rows) drawRow(row);
  drawSelected();
  context.restore();
  drawFlags();
  drawAxis();
  drawMap();
  root.dataset.from = Math.round(view.from);
  root.dataset.to = Math.round(view.to);
  root.dataset.drawMs = (performance.now() - started).toFixed(2);
}

function write(text, x, y, colour, align = "left", font = paint.font) {
  context.font = font;
  context.textAlign = align;
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function short(text, px, font = 6.2) {
  const most = Math.max(1, Math.floor(px / font));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function drawLanes() {
  lanes.forEach((lane, at) => {
    const {y, h} = places[at];
    const style = lane.ends ? [paint.faint, "left", paint.font] : [paint.ink, "left", paint.strong];
    if (!lane.ends) {
      context.fillStyle = paint.card;
      context.fillRect(beside ? 0 : left, y + 1, width, h - 2);
    }
    if (beside) {
      const room = lane.ends ? left - 16 : left - 62;
      write(short(lane.name, room, 6.8), 8, y + (lane.ends ? h / 2 + 4 : 16), ...style);
    } else {
      write(short(lane.name, width - 16), left + 4, y + 13, ...style);
    }
  });
  if (beside) for (const row of rows) write(row.name, left - 8, row.y + ROW - 3, paint.faint, "right");
}

function drawGaps() {
  for (const [from, to] of run.gaps) {
    const x0 = Math.max(left, xOf(from)), x1 = Math.min(width - right, xOf(to));
    if (x1 - x0 < 1) continue;
    context.fillStyle = paint.rule;
    context.globalAlpha = 0.6;
    context.fillRect(x0, FLAGS, x1 - x0, lanesEnd - FLAGS);
    context.globalAlpha = 1;
    if (x1 - x0 > 60) write("left out", (x0 + x1) / 2, FLAGS + 12, paint.faint, "center");
  }
}

function drawBands() {
  for (const band of bands) {
    const x0 = Math.max(left - 2, xOf(begin[band.op])), x1 = Math.min(width, xOf(finish[band.op]));
    if (x1 < left || x0 > width - right) continue;
    const wide = Math.max(2, x1 - x0);
    for (const at of band.lanes) {
      const {y, h} = places[at];
      context.fillStyle = context.strokeStyle = paint.fault;
      context.globalAlpha = 0.22;
      if (band.met) context.fillRect(x0, y + 1, wide, h - 2);
      context.globalAlpha = band.met ? 0.5 : 0.9;
      context.setLineDash(band.met ? [] : [4, 3]);
      if (!band.met || wide > 6) context.strokeRect(x0 + 0.5, y + 1.5, wide - 1, h - 3);
      context.setLineDash([]);
      context.globalAlpha = 1;
    }
  }
}

function visible(list) { // first and last (exclusive) place in `list` of what lies in the picture
  const slack = 4 * (view.to - view.from) / inner();
  const first = firstAbove(list.reach, view.from - slack);
  let low = first, high = list.ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list.from[middle] <= view.to + slack) low = middle + 1; else high = middle;
  }
  return [first, low];
}

function colourOf(rank, kind) {
  if (rank === FAINT) return paint.dim;
  if (rank === FOUND) return paint.red;
  return rank === DOUBTFUL ? paint.amber : paint[COLOURS[kind]];
}

// Bars that are wide enough are drawn as such; all that is narrower falls into columns of one pixel, and the most
// important mark of a column gives its colour, the number of them its height.
function drawRow(row) {
  const [first, last] = visible(row), {ids, from, to, kinds} = row;
  const scale = inner() / (view.to - view.from), shift = left - view.from * scale, edge = width - right + 4;
  const bars = [];
  best.fill(0);
  crowd.fill(0);
  let covered = -1, coveredRank = 0;
  for (let at = first; at < last; at++) {
    const x0 = from[at] * scale + shift, x1 = to[at] * scale + shift, rank = ranks[ids[at]];
    if (x1 < left - 4 || x0 > edge) continue;
    if (x1 - x0 < 3) {
      const x = x0 < 0 ? 0 : x0 | 0, key = rank * 8 + kinds[at];
      if (key > best[x]) best[x] = key;
      crowd[x]++;
    } else if (x1 > covered || rank > coveredRank) {
      covered = x1;
      coveredRank = rank;
      bars.push(ids[at]);
    }
  }
  for (const i of bars) drawBar(i, row.y, scale);
  drawColumns(row.y);
  if (last - first <= 300) labelTicks(row, first, last, scale);
}

function drawBar(i, y, scale) {
  const rank = ranks[i], kind = ops.k[i];
  const x0 = Math.max(left - 3, left + (begin[i] - view.from) * scale);
  const x1 = Math.min(width + 3, left + (finish[i] - view.from) * scale), wide = x1 - x0;
  const colour = colourOf(rank, kind);
  context.fillStyle = colour;
  context.globalAlpha = rank === FAINT ? 0.5 : ops.y[i] === INFO ? 0.55 : 1;
  context.fillRect(x0, y, Math.max(2, wide - 1), ROW);
  context.globalAlpha = 1;
  if (wide > 34) write(short(labelOf(i), wide - 10), x0 + 5, y + ROW - 3, rank === FAINT ? paint.faint : paint.paper);
}

function labelOf(i) {
  const value = strings[ops.v[i]], job = ops.j[i] ? ` ${strings[ops.j[i]]}` : "";
  if (ops.k[i] === FAULT) return value;
  return (ops.k[i] === COMMIT || ops.k[i] === OBSERVE ? value.split(" · ")[0] : strings[ops.f[i]]) + job;
}

function drawColumns(y) {
  for (let x = left; x <= width; x++) {
    const key = best[x];
    if (!key) continue;
    const tall = tallOf(crowd[x]);
    let to = x + 1;
    while (to <= width && best[to] === key && tallOf(crowd[to]) === tall) to++;
    const lonely = to === x + 1 && !best[x - 1] && !best[to];
    context.fillStyle = colourOf(key >> 3, key & 7);
    if (key >> 3 >= FOUND) context.fillRect(x - 1, y, to - x + 2, ROW);
    else context.fillRect(lonely ? x - 1 : x, y + ROW - tall, lonely ? 3 : to - x, tall);
    x = to - 1;
  }
}

const tallOf = (n) => n < 2 ? 8 : n < 4 ? 10 : n < 8 ? 12 : ROW; // few steps: equal neighbours are drawn as one

function labelTicks(row, first, last, scale) {
  for (let at = first; at < last; at++) {
    const i = row.ids[at];
    const x0 = left + (begin[i] - view.from) * scale, x1 = left + (finish[i] - view.from) * scale;
    if (x1 - x0 >= 3 || x0 < left - 1 || !matches[i]) continue;
    const next = at + 1 < last ? left + (row.from[at + 1] - view.from) * scale : width - right;
    if (next - x0 <= 44) continue;
    write(short(labelOf(i), next - x0 - 8), x0 + 4, row.y + ROW - 3, paint.faint);
  }
}

function drawMessages(lane, tie) {
  const [first, last] = visible(tie);
  const top = linkTop(lane), bottom = top + LINK;
  context.strokeStyle = paint.rule;
  context.lineWidth = 1;
  context.strokeRect(left - 1, top + 0.5, width, LINK - 1);
  if (last - first > MOST_LINES) return drawSkyline(tie, first, last, top, bottom);
  const paths = {dim: [], blue: [], rpc: [], red: []};
  for (let at = first; at < last; at++) {
    const i = tie.ids[at], odd = flights.d[i] < 0 || flights.g[i] & 1;
    const event = !strings[flights.y[i]].startsWith("rpc");
    paths[!flightMatches[i] ? "dim" : odd ? "red" : event ? "blue" : "rpc"].push(i);
  }
  for (const [name, ids] of Object.entries(paths)) {
    if (ids.length) drawLines(ids, paint[name], name === "red", top, bottom);
  }
}

function ends(i, top, bottom) { // where a message begins and ends on the picture; one that was lost ends halfway
  const down = flights.g[i] & 2, y0 = down ? top : bottom, y1 = down ? bottom : top;
  return flights.d[i] < 0 ? [xOf(sent[i]), y0, xOf(sent[i]), (y0 + y1) / 2] : [xOf(sent[i]), y0, xOf(landed[i]), y1];
}

function drawLines(ids, colour, dashed, top, bottom) {
  context.strokeStyle = colour;
  context.lineWidth = dashed ? 1.8 : 1.2;
  context.setLineDash(dashed ? [5, 3] : []);
  context.beginPath();
  for (const i of ids) {
    const [x0, y0, x1, y1] = ends(i, top, bottom);
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
  }
  context.stroke();
  context.setLineDash([]);
  if (dashed) for (const i of ids) if (flights.d[i] < 0) drawCross(i, top, bottom);
  if (ids.length <= 40) ids.forEach((i) => labelLine(i, colour, top, bottom));
}

function drawCross(i, top, bottom) {
  const [, , x, y] = ends(i, top, bottom);
  context.beginPath();
  context.moveTo(x - 3, y - 3);
  context.lineTo(x + 3, y + 3);
  context.moveTo(x + 3, y - 3);
  context.lineTo(x - 3, y + 3);
  context.stroke();
}

function labelLine(i, colour, top, bottom) {
  const [x0, y0, x1] = ends(i, top, bottom);
  const scale = inner() / (view.to - view.from);
  if (scale < 0.004) return; // 4 px a millisecond: there is no room for words
  write(short(strings[flights.y[i]], 120), Math.max(x0, left) + 5, y0 === top ? top + 12 : bottom - 5, colour);
  context.beginPath();
  context.arc(x1, y0 === top ? bottom - 1 : top + 1, 2, 0, 7);
  context.fill();
}

function drawSkyline(tie, first, last, top, bottom) {
  const {ids, from} = tie, scale = inner() / (view.to - view.from), shift = left - view.from * scale;
  best.fill(0);
  crowd.fill(0);
  let most = 1;
  for (let at = first; at < last; at++) {
    const x = Math.max(0, Math.min(width, from[at] * scale + shift | 0)), rank = flightRanks[ids[at]];
    if (rank > best[x]) best[x] = rank;
    if (++crowd[x] > most) most = crowd[x];
  }
  const tall = (x) => crowd[x] ? 3 * Math.ceil((bottom - top - 6) / 3 * Math.sqrt(crowd[x] / most)) : 0;
  for (let x = left; x <= width; x++) {
    const h = tall(x), rank = best[x];
    if (!h) continue;
    let to = x + 1;
    while (to <= width && best[to] === rank && tall(to) === h) to++;
    context.fillStyle = rank === FAINT ? paint.dim : paint.sky;
    context.fillRect(x, bottom - 2 - h, to - x, h);
    context.fillStyle = paint.red;
    if (rank === FOUND) context.fillRect(x, bottom - 5, to - x, 3);
    x = to - 1;
  }
}

function drawSelected() {
  for (const i of carried) {
    const top = linkTop(flights.l[i]), odd = flights.d[i] < 0 || flights.g[i] & 1;
    drawLines([i], paint.ink, Boolean(odd), top, top + LINK);
  }
  for (const [what, colour] of [[hovered, paint.faint], [selected, paint.ink]]) {
    if (what === null || what.op === undefined) continue;
    const row = rows[rowOf[what.op]], x0 = xOf(begin[what.op]), x1 = xOf(finish[what.op]);
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.strokeRect(x0 - 3, row.y - 2, Math.max(5, x1 - x0 + 5), ROW + 4);
    context.globalAlpha = 0.35;
    context.fillStyle = colour;
    if (what === selected) context.fillRect(x0, FLAGS, 1, lanesEnd - FLAGS);
    context.globalAlpha = 1;
  }
}

function flags() { // {n, x, wide} of every finding in the picture; side by side where they fall on one another
  const seen = findings.map((finding, n) => ({n, x: finding.at < 0 ? NaN : xOf(begin[finding.at])}));
  const placed = seen.filter(({x}) => x >= left - 1 && x <= width - right + 1).sort((a, b) => a.x - b.x);
  let free = -Infinity;
  for (const flag of placed) {
    flag.wide = flag.n < 9 ? 16 : 22;
    flag.box = Math.max(flag.x - 0.5, free);
    free = flag.box + flag.wide + 2;
  }
  const over = free - width;
  if (over > 0) placed.forEach((flag) => { if (flag.x > width - right - 80) flag.box -= over; });
  return placed;
}

function drawFlags() {
  for (const {n, x, box, wide} of flags()) {
    context.fillStyle = findings[n].verdict === "INVALID" ? paint.red : paint.amber;
    context.globalAlpha = 0.6;
    context.fillRect(x - 0.5, 4, 1.5, lanesEnd - 4);
    context.globalAlpha = 1;
    context.beginPath();
    context.roundRect(box, 3, wide, 17, 4);
    context.fill();
    write(String(n + 1), box + wide / 2, 16, paint.paper, "center", paint.strong);
  }
}

function drawAxis() {
  const about = (view.to - view.from) / (beside ? 8 : 4);
  let step = 10 ** Math.floor(Math.log10(Math.max(1, about)));
  step *= [1, 2, 5, 10].find((n) => step * n >= about) || 10;
  const digits = Math.max(0, 6 - Math.floor(Math.log10(step)));
  for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
    const x = xOf(t);
    context.globalAlpha = 0.5;
    context.fillStyle = paint.rule;
    context.fillRect(x, FLAGS, 1, lanesEnd - FLAGS + 3);
    context.globalAlpha = 1;
    if (x > left + 14 && x < width - 14) write(seconds(t, digits), x, lanesEnd + 15, paint.faint, "center");
  }
}

// The strip below: the whole run, and the part of it that is seen.
function drawMap() {
  const top = lanesEnd + AXIS, tall = MAP - 6, room = width - left - right;
  if (!minimap) minimap = makeMap(room, tall);
  context.drawImage(minimap, left, top, room, tall);
  const x0 = left + Math.max(0, view.from) * room / end, x1 = left + Math.min(end, view.to) * room / end;
  context.strokeStyle = paint.ink;
  context.lineWidth = 1.5;
  context.strokeRect(x0, top, Math.max(3, x1 - x0), tall);
}

function makeMap(room, tall) {
  const made = document.createElement("canvas"), on = made.getContext("2d", {alpha: false});
  const columns = new Uint32Array(room + 1);
  let most = 1;
  for (let i = 0; i < count; i++) if (matches[i]) most = Math.max(most, ++columns[begin[i] * room / end | 0]);
  [made.width, made.height] = [room * ratio, tall * ratio];
  on.scale(ratio, ratio);
  on.fillStyle = paint.card;
  on.fillRect(0, 0, room, tall);
  on.fillStyle = paint.sky;
  columns.forEach((n, x) => {
    const h = n ? Math.max(2, (tall - 2) * Math.sqrt(n / most)) : 0;
    on.fillRect(x, tall - h, 1, h);
  });
  for (const finding of findings) {
    on.fillStyle = finding.verdict === "INVALID" ? paint.red : paint.amber;
    if (finding.at >= 0) on.fillRect(begin[finding.at] * room / end, 0, 2, tall);
  }
  return made;
}

// ---- what is under the pointer --------------------------------------------------------------------------------------

function under(x, y) { // {op} or {flight} or {flag} or null
  if (y < FLAGS) return flagAt(x);
  const row = rows.find((r) => y >= r.y - 1 && y <= r.y + ROW + 1);
  if (row) return markAt(row, x);
  for (const [lane, tie] of ties) {
    if (y >= linkTop(lane) && y <= linkTop(lane) + LINK) return lineAt(lane, tie, x, y);
  }
  return null;
}

function flagAt(x) {
  const hit = flags().reverse().find(({box, wide}) => x >= box - 1 && x <= box + wide + 1);
  return hit ? {flag: hit.n} : null;
}

function markAt(row, x) {
  const [first, last] = visible(row);
  let nearest = null, distance = 7;
  for (let at = first; at < last; at++) {
    const i = row.ids[at], x0 = xOf(begin[i]), x1 = xOf(finish[i]);
    const off = x < x0 ? x0 - x : x > x1 ? x - x1 : 0;
    const worth = off + (matches[i] ? 0 : 6) - (found[i] ? 1 : 0); // of several, one that is looked for
    if (off < 7 && worth <= distance) { nearest = i; distance = worth; }
  }
  return nearest === null ? null : {op: nearest};
}

function lineAt(lane, tie, x, y) {
  const [first, last] = visible(tie), top = linkTop(lane);
  if (last - first > MOST_LINES) return null;
  let nearest = null, distance = 6;
  for (let at = first; at < last; at++) {
    const i = tie.ids[at], [x0, y0, x1, y1] = ends(i, top, top + LINK);
    const dx = x1 - x0, dy = y1 - y0;
    const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)));
    const off = Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
    if (off < distance) { nearest = i; distance = off; }
  }
  return nearest === null ? null : {flight: nearest};
}

// ---- panel ----------------------------------------------------------------------------------------------------------

const panel = root.querySelector(".whole-panel");

function element(tag, text = "", class_ = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (class_) made.className = class_;
  return made;
}

function button(text, act, class_ = "") {
  const made = element("button", text, class_);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function facts(pairs) {
  const list = element("dl");
  for (const [name, value] of pairs) {
    if (value === "") continue;
    const told = element("dd");
    told.append(value);
    list.append(element("dt", name), told);
  }
  return list;
}

function show(what, live) {
  panel.setAttribute("aria-live", live ? "polite" : "off"); // what a mouse passes over is not read out
  panel.classList.toggle("passing", hovered !== null);
  if (what !== null) panel.classList.add("used"); // from now on its height stays: what stands below does not jump
  const told = what === null ? tellNothing() : what.flight === undefined ? tellOp(what.op) : tellFlight(what.flight);
  panel.replaceChildren(...told);
}

function tellNothing() {
  return [element("p", "Point at an operation or a message, or click one to keep it here.", "note")];
}

function tellOp(i) {
  const job = strings[ops.j[i]], head = element("p", "", "whole-head");
  head.append(element("strong", ops.k[i] === FAULT ? "fault" : lanes[ops.l[i]].name), ` ${strings[ops.f[i]]}`);
  const onlyJob = () => { filters.job.value = ops.j[i]; filter(); };
  if (job) head.append(" of job ", element("bdi", job), " ", button("Only this job", onlyJob, "small"));
  findings.forEach((finding, n) => {
    if (!finding.ops.includes(i)) return;
    head.append(" ", button(`${n + 1} ${titleOf(finding)}`, () => toFinding(n), `small ${finding.verdict.toLowerCase()}`));
  });
  const link = element("a", ops.e[i] ? `${index[i]} – ${index[i] + ops.e[i]}` : `${index[i]}`);
  link.href = `#op-${index[i]}`;
  const value = strings[ops.v[i]] ? element("p", strings[ops.v[i]], "whole-value") : "";
  if (value) value.dir = "auto";
  const told = facts([
    ["Time", seconds(begin[i])],
    ["Lasts", ops.d[i] > 0 ? lasting(ops.d[i]) : ops.d[i] < 0 && ops.k[i] === FAULT ? "to the end of the run" : ""],
    ["Process", strings[ops.p[i]]],
    ["Outcome", ops.k[i] === NOTE || ops.k[i] === FAULT ? "" : OUTCOMES[ops.y[i]]],
    ["Revision", ops.r[i] ? String(ops.r[i]) : ""],
    ["Cause", strings[ops.c[i]]],
    ["Message", strings[ops.m[i]]],
    ["Operation", link],
  ]);
  const right_ = element("div");
  right_.append(value, ...stateTable(i), ...related(ops.m[i], i));
  const columns = element("div", "", "whole-columns");
  columns.append(told, right_);
  return [head, columns];
}

function stateTable(i) {
  if (!ops.a[i] && !ops.b[i]) return [];
  const table = element("table"), header = element("tr");
  const did = ops.k[i] === COMMIT ? "stored" : "showed";
  header.append(element("th"), element("th", `${did} before`), element("th", "and after"));
  table.append(header);
  const before = stateOf(ops.b[i]), after = stateOf(ops.a[i]);
  for (const name of Object.keys({...before, ...after})) {
    const was = before[name] ?? "", is = after[name] ?? "", line = element("tr", "", was === is ? "" : "changed");
    if (!was && !is) continue;
    line.append(element("th", name));
    for (const text of [was, is]) {
      const cell = element("td", text);
      cell.dir = "auto";
      line.append(cell);
    }
    table.append(line);
  }
  return [table];
}

function stateOf(at) {
  if (!at) return {job: "not there"};
  const of = (name) => strings[states[name][at]];
  if (states.fate[at]) return {job: of("fate"), revision: String(states.rev[at] || "")};
  const size = states.bytes[at], tail = states.tail[at];
  const text = tail < 0 ? "not known" : `“${strings[tail]}”`;
  return {
    job: "there",
    status: of("status"),
    progress: of("progress"),
    revision: String(states.rev[at] || ""),
    ...(size >= 0 ? {text: size ? `${number(size)} bytes: ${text}` : "empty"} : {}),
  };
}

function related(message, self) {
  const others = message ? (ofMessage.get(message) || []).filter((i) => i !== self).slice(0, 8) : [];
  if (!others.length) return [];
  const list = element("p", "The same message: ", "whole-related");
  for (const i of others) {
    const text = `${lanes[ops.l[i]].name} ${strings[ops.f[i]]} ${seconds(begin[i], 3)}`;
    list.append(button(text, () => { select({op: i}); reveal(i); }, "small"), " ");
  }
  return [list];
}

function tellFlight(i) {
  const {ends: [client, other], above} = lanes[flights.l[i]], down = Boolean(flights.g[i] & 2);
  const [from, to] = down === above ? [client, other] : [other, client];
  const head = element("p", "", "whole-head");
  head.append(element("strong", `${from} → ${to}`), ` ${strings[flights.y[i]]}`);
  if (flights.j[i]) head.append(" of job ", element("bdi", strings[flights.j[i]]));
  const odd = flights.d[i] < 0 ? "never came out of the link" : flights.g[i] & 1 ? "delivered again" : "";
  const told = facts([
    ["Sent", seconds(sent[i])],
    ["Arrived", flights.d[i] < 0 ? "" : `${seconds(landed[i])}, after ${lasting(flights.d[i])}`],
    ["Fate", odd],
    ["Message", strings[flights.m[i]]],
  ]);
  const columns = element("div", "", "whole-columns"), rest = element("div");
  rest.append(...related(flights.m[i], -1));
  columns.append(told, rest);
  return [head, columns];
}

// ---- moving ---------------------------------------------------------------------------------------------------------

const LEAST = 200; // microseconds on the whole picture
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let flying = 0;

function look(from, to) {
  const span = Math.min(Math.max(to - from, LEAST), end * 1.04);
  const middle = (from + to) / 2, pad = span * 0.02;
  const start = Math.max(-pad, Math.min(middle - span / 2, end + pad - span));
  view = {from: start, to: start + span};
  const shown = [Math.max(0, view.from), Math.min(end, view.to)].map((t) => seconds(t, 3));
  root.querySelector(".whole-span").textContent = shown.join(" – ");
  redraw();
}

function glide(from, to) {
  const was = view, started = performance.now(), mine = ++flying;
  if (calm.matches || document.hidden) return look(from, to);
  const step = () => {
    if (mine !== flying) return;
    const part = Math.min(1, (performance.now() - started) / 180), ease = 1 - (1 - part) ** 3;
    look(was.from + (from - was.from) * ease, was.to + (to - was.to) * ease);
    if (part < 1) requestAnimationFrame(step);
  };
  step();
}

const whole = () => glide(-end * 0.02, end * 1.02);
const isWhole = () => view.to - view.from >= end;

function zoom(factor, x, smooth = false) {
  const at = usOf(x), span = view.to - view.from;
  const next = Math.min(Math.max(span * factor, LEAST), end * 1.04), part = (x - left) / inner();
  if (!smooth) flying++;
  (smooth ? glide : look)(at - next * part, at + next * (1 - part));
}

const nearer = (factor) => zoom(factor, left + inner() / 2, true);

function pan(px) {
  const by = px * (view.to - view.from) / inner();
  flying++;
  look(view.from + by, view.to + by);
}

function select(what, live = true) {
  const message = what === null ? 0 : what.flight === undefined ? ops.m[what.op] : flights.m[what.flight];
  selected = what;
  carried = message ? flights.m.flatMap((m, i) => m === message ? [i] : []) : [];
  root.dataset.selected = what !== null && what.op !== undefined ? index[what.op] : "";
  show(what, live);
  redraw();
}

function reveal(i) { // moves no more than is needed
  const span = view.to - view.from, part = (begin[i] - view.from) / span;
  if (part < 0.03 || part > 0.97) glide(begin[i] - span / 2, begin[i] + span / 2);
}

function around(first, last, least) {
  const margin = Math.max((last - first) * 0.2, least / 2);
  glide(first - margin, last + margin);
}

function toFinding(n) {
  const finding = findings[n];
  if (!finding || finding.at < 0) return;
  current = n;
  root.querySelectorAll(".whole-findings button").forEach((b, at) => b.setAttribute("aria-pressed", String(at === n)));
  if (!matches[finding.at]) clearFilters();
  select({op: finding.at});
  around(Math.min(...finding.ops.map((i) => begin[i])), Math.max(...finding.ops.map((i) => begin[i])), 50_000);
}

function stepFinding(by) {
  const many = findings.length;
  if (many) toFinding(current < 0 ? (by > 0 ? 0 : many - 1) : (current + by + many) % many);
}

function stepOp(by) {
  let at = selected && selected.op !== undefined ? selected.op + by : firstAbove(begin, view.from) - (by < 0 ? 1 : 0);
  while (at >= 0 && at < count && !matches[at]) at += by;
  if (at < 0 || at >= count) return;
  select({op: at});
  reveal(at);
}

function toOp(op) { // an operation by its number in the history
  const i = byOp.get(op);
  root.scrollIntoView({block: "start", behavior: calm.matches ? "auto" : "smooth"});
  if (i === undefined) {
    select(null);
    panel.replaceChildren(element("p", `Operation ${op} is not among those that are shown here.`));
    return;
  }
  if (!matches[i]) clearFilters();
  select({op: i});
  const span = Math.min(view.to - view.from, Math.max(100_000, (finish[i] - begin[i]) * 3));
  const middle = (begin[i] + Math.min(finish[i], begin[i] + span)) / 2;
  glide(middle - span / 2, middle + span / 2);
}

// ---- input ----------------------------------------------------------------------------------------------------------

const fingers = new Map();
let dragged = 0, mapped = false;

const placeOf = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

function toMap(x) {
  const at = (x - left) * end / inner(), span = view.to - view.from;
  flying++;
  look(at - span / 2, at + span / 2);
}

canvas.addEventListener("pointerdown", (event) => {
  const [x, y] = placeOf(event);
  fingers.set(event.pointerId, x);
  dragged = 0;
  mapped = y > lanesEnd + AXIS;
  if (mapped) toMap(x);
  canvas.setPointerCapture(event.pointerId);
});

canvas.addEventListener("pointermove", (event) => {
  const [x, y] = placeOf(event), was = fingers.get(event.pointerId);
  if (was === undefined) {
    hovered = under(x, y);
    canvas.style.cursor = hovered ? "pointer" : "grab";
    if (hovered && hovered.flag !== undefined) hovered = null;
    show(hovered || selected, hovered === null);
    return redraw();
  }
  const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
  dragged += Math.abs(x - was);
  if (mapped) toMap(x);
  else if (others.length) zoom((Math.abs(was - others[0]) + 20) / (Math.abs(x - others[0]) + 20), (x + others[0]) / 2);
  else if (dragged > 4) pan(was - x);
  if (dragged > 4) fingers.set(event.pointerId, x);
});

for (const name of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(name, (event) => {
    const known = fingers.delete(event.pointerId), [x, y] = placeOf(event);
    if (name === "pointercancel" || !known || dragged > 4 || mapped) return;
    const hit = under(x, y);
    if (hit && hit.flag !== undefined) toFinding(hit.flag); else select(hit);
  });
}

canvas.addEventListener("pointerleave", () => {
  if (hovered) { hovered = null; show(selected, true); redraw(); }
});

canvas.addEventListener("dblclick", (event) => zoom(0.4, placeOf(event)[0], true));

canvas.addEventListener("wheel", (event) => {
  const unit = event.deltaMode ? 24 : 1, dx = event.deltaX * unit, dy = event.deltaY * unit;
  const sideways = event.shiftKey ? dx || dy : Math.abs(dx) > Math.abs(dy) ? dx : 0;
  const may = event.ctrlKey || event.metaKey || document.activeElement === canvas;
  if (sideways) {
    if (isWhole()) return;
    event.preventDefault();
    return pan(sideways);
  }
  if (!may || (dy > 0 && isWhole() && !event.ctrlKey && !event.metaKey)) return; // the page scrolls on
  event.preventDefault();
  zoom(Math.exp(Math.max(-1, Math.min(1, dy * 0.003))), placeOf(event)[0]);
}, {passive: false});

const KEYS = {
  ArrowLeft: () => pan(-inner() * 0.15), ArrowRight: () => pan(inner() * 0.15),
  "+": () => nearer(0.6), "=": () => nearer(0.6), "-": () => nearer(1 / 0.6),
  0: whole, Home: () => look(-1, view.to - view.from), End: () => look(end - (view.to - view.from), end + 1),
  n: () => stepFinding(1), p: () => stepFinding(-1),
  j: () => stepOp(1), ".": () => stepOp(1), k: () => stepOp(-1), ",": () => stepOp(-1),
  "/": () => searchBox.focus(),
  Escape: () => { select(null); clearFilters(); },
};

canvas.addEventListener("keydown", (event) => {
  const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

const ACTIONS = {
  clear: clearFilters, in: () => nearer(0.5), out: () => nearer(2), all: whole,
  previous: () => stepOp(-1), next: () => stepOp(1),
};

root.addEventListener("click", (event) => {
  const act = ACTIONS[event.target.dataset && event.target.dataset.do];
  if (act) act();
});

searchBox.addEventListener("input", filter);
searchBox.addEventListener("keydown", (event) => {
  if (event.key === "Enter") { event.preventDefault(); stepOp(1); }
  if (event.key === "Escape") { event.preventDefault(); searchBox.value = ""; filter(); canvas.focus(); }
});
for (const select_ of Object.values(filters)) select_.addEventListener("change", filter);

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("[data-op]") : null;
  if (!link || !/^\d+$/.test(link.dataset.op)) return;
  event.preventDefault();
  toOp(Number(link.dataset.op));
});

function fromHash() {
  const named = /^#op-(\d+)$/.exec(location.hash);
  if (named && !document.getElementById(location.hash.slice(1))) toOp(Number(named[1]));
}

// ---- beginning ------------------------------------------------------------------------------------------------------

function tellFindings() {
  const box = root.querySelector(".whole-findings");
  findings.forEach((finding, n) => {
    const jump = button("", () => toFinding(n), finding.verdict.toLowerCase());
    const when = finding.at < 0 ? "" : ` · ${seconds(begin[finding.at], 3)}`;
    jump.append(element("b", String(n + 1)), ` ${titleOf(finding)}${when}`);
    jump.title = finding.told;
    jump.setAttribute("aria-pressed", "false");
    box.append(jump);
  });
  box.hidden = !findings.length;
}

function tellLeft() {
  const parts = [[run.left.ops, "operations"], [run.left.flights, "messages"]].filter(([n]) => n);
  const box = root.querySelector(".whole-left");
  box.hidden = !parts.length;
  box.textContent = `The run is long: ${parts.map(([n, what]) => `${number(n)} ${what}`).join(" and ")} are left out. `
    + (findings.length ? "What is near the findings is here." : "Its beginning is here.");
}

function tellColours() {
  const told = {
    call: "a client's call", commit: "a desktop stored", observe: "a mobile shows", note: "note of a component",
    final: "read at the end", amber: "failed, or unknown", red: "part of a finding", blue: "message: an event",
    rpc: "message: a call", lost: "lost, or delivered again", fault: "fault",
  };
  const list = root.querySelector(".whole-legend");
  for (const [name, text] of Object.entries(told)) {
    const item = element("li", text);
    item.dataset.colour = name;
    list.append(item);
  }
}

root.hidden = false;
document.querySelector(".whole-without").remove();
readColours();
fillFilters();
rank();
tellFindings();
tellLeft();
tellColours();
makeRows();
layout();
look(-end * 0.02, end * 1.02);
tellCount();
select(findings.length && findings[0].at >= 0 ? {op: findings[0].at} : null, false);
new ResizeObserver(() => { if (root.querySelector(".whole-stage").clientWidth !== width) layout(); }).observe(root);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  readColours();
  minimap = null;
  redraw();
});
addEventListener("hashchange", fromHash);
fromHash();
})();
