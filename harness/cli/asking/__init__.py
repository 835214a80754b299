"""What users type: options that several commands share, what the shell offers them, and the plans that they name.

It may use `telling` and `naming`.
"""
