"""The words of a plan: `model` (what may be said) · `described` (what each means) · `schema` (for editors).

May use: `harness/plan/systems`, `harness/workload`, `harness`, `faults`.
"""
