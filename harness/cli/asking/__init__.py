"""What users type: options that several commands share, what the shell offers them, and the plans that they name.

`options` (spelled once) · `completion` (Tab) · `planned` (from words to a schedule and a runtime).

May use: all of the engine, `harness/cli/naming`, `harness/cli/telling`, `targets/profiles`, `faults`.
"""
