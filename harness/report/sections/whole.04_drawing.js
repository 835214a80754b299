// The timeline: drawing.

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
