// The timeline: input.

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
