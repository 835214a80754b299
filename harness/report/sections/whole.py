"""Every operation, message and fault of the run on one timeline, to be moved, searched and looked into.

What it draws stands in the page as data; its script draws it. Without a script the pictures above tell the run.
"""

from __future__ import annotations

from markupsafe import Markup

from harness.report.drawing import section
from harness.report.sections import _whole_data
from harness.store.rundir import StoredRun

_FRAME = Markup("""\
<p class="note whole-without">This timeline needs a script, which has not run here. The pictures and the story above
tell the run without it.</p>
<div class="whole" hidden>
  <p class="note whole-left" hidden></p>
  <div class="whole-findings" role="group" aria-label="Findings"></div>
  <div class="whole-filters" role="search" aria-label="Which operations">
    <span><label for="whole-node">Node</label><select id="whole-node" data-filter="node"></select></span>
    <span><label for="whole-job">Job</label><select id="whole-job" data-filter="job"></select></span>
    <span><label for="whole-type">Type</label><select id="whole-type" data-filter="type"></select></span>
    <span><label for="whole-outcome">Outcome</label><select id="whole-outcome" data-filter="outcome"></select></span>
    <span><label for="whole-verdict">Verdict</label><select id="whole-verdict" data-filter="verdict"></select></span>
    <span class="whole-search"><label for="whole-search">Search</label>
      <input id="whole-search" type="search" autocomplete="off" spellcheck="false"
        placeholder="job, type, text, message"></span>
    <output class="whole-count"></output>
    <button type="button" data-do="clear">Clear</button>
  </div>
  <div class="whole-stage">
    <canvas tabindex="0" role="application" aria-label="Timeline of all operations"
      aria-describedby="whole-hint"></canvas>
    <div class="whole-tools">
      <button type="button" data-do="out" aria-label="Zoom out" title="Zoom out (−)">−</button>
      <button type="button" data-do="in" aria-label="Zoom in" title="Zoom in (+)">+</button>
      <button type="button" data-do="all" title="Whole run (0)">Whole run</button>
      <span class="whole-span"></span>
      <button type="button" data-do="previous" title="Previous operation that matches (k)">‹ Previous</button>
      <button type="button" data-do="next" title="Next operation that matches (j)">Next ›</button>
    </div>
  </div>
  <div class="whole-panel" aria-live="polite"></div>
  <ul class="whole-legend" aria-label="Colours"></ul>
  <p class="note" id="whole-hint">Drag to move; Ctrl (⌘) and the wheel, two fingers or a double click to zoom; the wheel
  alone once the picture is clicked. Keys on the picture: ← → move, + − zoom, 0 whole run, n p findings, j k
  operations, / search, Enter there the first or next that matches, Esc clear. Heartbeats are left out.</p>
</div>
""")


def render(run: StoredRun) -> Markup | None:
    found = _whole_data.encoded(run)
    return None if found is None else _FRAME + section.data("whole-data", found)


SECTION = section.Section("Every operation", 10, render)
