"""A night: many runs that nobody watches, on one machine or many, and a morning that takes two minutes.

`words` (what a night's file says) · `known` (failures that are known, until when) · `items` (the runs, numbered, and
which of them are a shard's) · `work` (one of them, in a worker) · `executors` (where workers are: one file each) ·
`ledger` (what is done, in the index of the store, so that a night that was killed goes on) · `playing` (all of it,
within its budget) · `kinds` (failures told apart by what their smallest plan looks like) · `again` (the same seed
elsewhere: the same?) · `pruning` (bounds of the disk) · `morning` (what people and machines read). Shards are put
together by `harness merge`, in `ledger`.

In a night each plan is drawn by its seed alone, also a generated one: so a run is the same on any shard.

May use: `harness/hunting`, `harness/hunting/generate`, `harness/night/executors`, `harness/plan`,
`harness/plan/text`, `harness/report`, `harness/report/told`, `harness/runs`, `harness/runtimes`, `harness/shrink`,
`harness/store`, `harness`, `targets/profiles`, `faults`, `targets`.
"""
