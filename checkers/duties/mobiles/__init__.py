"""What a mobile owes: fetches when it must, none when it need not, events and rows shown at once, no maps that grow.

`fetches` (due after a trigger) · `licences_get`, `licences_list` (what allows one; `licences`: of both) · `economy`
(events, or fetches) · `calls` (ended at once with a lost link, here and in the relay) · `endings` (what the end of a
call stands on) · `fitting` (events and rows that fit are shown) · `screens` (what a user's own acts owe) · `keeping`
(lists in the cache) · `gauges` (sizes of maps).

May use: `checkers/past`, `checkers/traffic`, `checkers/words`, `harness`.
"""
