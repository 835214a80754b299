"""Dialects: how the components of a system spell the protocol. One file each, which defines `DIALECT`, a
`harness.wire.dialect.Dialect`: it says what a frame is about, and translates it to the words of the reference and back.

A topology names one. Said of a node, it is what that program speaks: at its end of each link an `Interpreter`
translates whole messages, and everything between is in the words of the reference. Said of the whole topology, nothing
on a link is changed: it is used to say what a frame is about (`match:` of a fault), and what passed is written down in
the words of the reference, which checkers judge.

`renaming` makes a dialect of three tables. They are found by `harness.registry` alone.

May use: `harness/wire`.
"""
