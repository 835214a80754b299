// The timeline: beginning.

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
