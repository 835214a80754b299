// The timeline: moving.

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
  tellCount();
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
