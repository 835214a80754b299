"""Second pass: does a well-formed plan make sense for its system, its length and its runtime?

`whole` asks everything: `chosen` (policies) · `claiming` (claims and findings) · `following`, `moments` (faults that
wait for others, or for events) · `script` (its calls). `exercise` asks whether it can show anything at all.

May use: `harness/plan/text`, `harness/plan/times`, `harness/plan/words`, `harness/runtimes`, `harness/workload`,
`harness`, `targets/profiles`, `faults`, `targets`.
"""
