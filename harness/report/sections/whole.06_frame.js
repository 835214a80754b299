// The timeline: what lies over and below all lanes.

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
