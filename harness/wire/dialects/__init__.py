"""Dialects: how the components of a system spell the protocol. One file each, which defines `DIALECT`, a
`harness.wire.dialect.Dialect`: it says what a frame is about, and translates it to the words of the reference and back.

A topology names one (`dialect: NAME`); the links use it to say what a frame is about (`match:` of a fault) and to write
down what passed in the words of the reference, which checkers judge. What goes over the links is never changed.

`renaming` makes a dialect of three tables. This room may use `harness.wire` and the words at the root of the engine; it
is found by `harness.registry` alone.
"""
