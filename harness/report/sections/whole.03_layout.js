// The timeline: layout.

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
