"""What happened, rebuilt from the history: commits and rows, what replicas showed, what clients were answered.

`ledger` (what all judges of a pass share, made of the others) · `truth` (commits folded into rows and texts, job by
job) · `books` (what a store held at every revision) · `deeds` (what each operation does to a row) · `effects` (which
call did which commit) · `emitted` (what desktops said of their messages) · `heard` (what taps tell of every client) ·
`screens` (what mobiles show) · `scope` (which jobs belong there) · `answers` (an answer, asked of a book), `caches`
(how old it may be), `orders` (which orders of all calls explain the answers) and `instants` (why one fits none) ·
`phases` (before, during or after the faults) · `deaths`.

May use: `checkers/linearizability`, `harness`.
"""
