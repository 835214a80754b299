"""What all runtimes with real sockets share: one run behind a Toxiproxy and a `wire`, wherever its programs live.

No runtime of its own. A runtime brings `Grounds` (`grounds`): it starts, signals and removes programs that have
addresses of their own. From there on all is the same: `layout` says where everything listens and what each program's
environment is, `lifecycle` brings a run up and takes it down, `ears` hear all of it up to one moment, `stage` and
`machines` are the verbs of faults, `toxics` and `shapes` what Toxiproxy is asked for, `wire_client` the way to the
wire, `certificates` those of a run, `hooks` what acts on a part that runs elsewhere, `playing` the whole of a run
with Ctrl-C.

May use: `harness/runtimes`, `harness/runtimes/toxiproxy`, `harness`, `faults`.
"""
