// The timeline: panel.

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
  const names = others.map((i) => `${lanes[ops.l[i]].name} ${strings[ops.f[i]]} ${seconds(begin[i], 3)}`);
  for (const [at, i] of others.entries()) {
    const alike = names.indexOf(names[at]) !== names.lastIndexOf(names[at]);
    const text = names[at] + (alike ? ` (${/\bbus=\w+/.exec(strings[ops.v[i]])?.[0] ?? index[i]})` : "");
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
