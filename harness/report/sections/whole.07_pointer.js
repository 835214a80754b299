// The timeline: what is under the pointer.

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
