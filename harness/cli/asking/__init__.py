"""What users type: options that several commands share, what the shell offers them, and the plans that they name.

May use: all of the engine, `harness/cli/naming`, `harness/cli/telling`, `targets/profiles`, `faults`.
"""
