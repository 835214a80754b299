// The timeline: messages between lanes, and how many there are where single ones do not fit.

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
