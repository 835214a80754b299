"""Plans that nobody wrote: each seed draws a system, what its users do, what goes wrong, and when.

`drafts` puts a plan together from a `cast` (who is there), a workload's `shapes`, `troubles` (faults and their
strengths) and `moments`. `atlas` adds up what runs came across (`hunting.met`) and steers the next drafts to
where nobody has been. `generator` is all of it behind one door: `Generator`.

May use: `harness/hunting`, `harness/plan`, `harness/plan/systems`, `harness`.
"""
