"""Files and texts: what stands where, and all that is wrong with it, at its place.

`files` (by name, read) · `source` (text → data with places) · `errors` · `validate` (first pass: is every word one of
the format?) and `salvage` (what is left for the second one). It knows no word of plans.

May use: `harness/plan/times`, `harness`.
"""
