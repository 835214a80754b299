// The timeline: filters.

const FAINT = 1, PLAIN = 2, DOUBTFUL = 3, FOUND = 4; // what wins where marks fall on one another
const matches = new Uint8Array(count).fill(1), ranks = new Uint8Array(count);
const flightMatches = new Uint8Array(sent.length).fill(1), flightRanks = new Uint8Array(sent.length);
const filters = Object.fromEntries([...root.querySelectorAll("[data-filter]")].map((s) => [s.dataset.filter, s]));
const searchBox = root.querySelector("input[type=search]");
const messageCount = [...sent.keys()].filter((i) => !(flights.g[i] & 1)).length; // a second delivery is no other message
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
  const all = matching === count, box = root.querySelector(".whole-count");
  const told = all ? `${number(count)} operations, ${number(messageCount)} messages`
    : `${number(matching)} of ${number(count)}${matching && !anyInView() ? ", none in view" : ""}`;
  if (box.textContent !== told) box.textContent = told; // it is read out when it changes
  root.dataset.matches = matching;
  root.querySelector("[data-do=clear]").disabled = all;
}

function anyInView() {
  for (let i = 0; i < count && begin[i] <= view.to; i++) if (matches[i] && finish[i] >= view.from) return true;
  return false;
}

function clearFilters() {
  for (const select of Object.values(filters)) select.value = "";
  searchBox.value = "";
  filter();
}
