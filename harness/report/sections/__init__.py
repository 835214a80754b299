"""Parts of the page about the whole run, one file each: `NAME.py` has `SECTION`, a `Section` of
`harness.report.drawing.section`.

A section draws from the files of the run alone, tells nothing (`None`) when there is nothing to show, and says what it
has to say without its script too. Its style sheet and script stand beside it as `NAME.css` and `NAME.js`, a long script
in parts as `NAME.01_data.js` and so on; both become part of the page, which makes no request.

May use: `harness/report/drawing`, `harness/report/linear`, `harness/report/told`, `harness/store`, `harness`,
`checkers/past`, `checkers/traffic`.
"""
