r"""A tiny language in which a history fits on a line: `d:+a d:a"He" d:a"llo" m:a=1 m:a@2 m:a@3 m:a@3`.

Tokens stand in time order, a tenth of a second apart. `d`, `d2` … are desktops, `m`, `m2` … mobiles of one user. Every
commit takes the next revision of its desktop, beginning with 1.

===================  ================================================================================================
`d:+a` `d:+a/s2`     the desktop creates job a (in session s1, or s2)
`d:a"He"`            it appends a chunk to a's response
`d:a{status=queued}` it sets columns (values are JSON, or bare words); `status=canceled` is a cancel
`d:a^` `d:-a`        it retries a (a new attempt, an empty response); it deletes a
`d:a"x"?` `…!`       a commit that began and was never answered; one that failed
`m:a=2`              the mobile shows the whole row as of revision 2
`m:a@3`              it applies what revision 3 changed: a chunk is appended, columns are patched
`m:a@3~`             the same from a legacy message, that says neither revision nor length
`m:a"x"`             it appends text that no message explains; `m:a{status=queued}` patches so
`m:-a` `m:~a`        it shows a as deleted; a leaves with its scope
`m:scope(s2)`        it opens another scope (a new visit); `m:listed`: the first list of it is merged
`m:restart`          it starts anew, with nothing
`d:up` `m:down`      its connection to the relay is registered; is lost
`d:final` `m:final`  what the node shows at the end
`m>get(a)` `m<ok`    a client calls; its call returns (`ok`, `fail`, `info`)
`m<ok(a=2,b=1)@3`    it returns these rows, as of revision 3; `m<fail(not_found)` this error
`m>list/s2{page=1}`  it lists session s2, with other parameters; `m2>2:get(a)` `m2<2:ok` another client of that mobile
`fault:x` `heal:x`   fault x begins; heals, having met something; `inert:x`: heals, having met nothing
`tap:m=17`           the wire delivers message 17 to the mobile
`wire:d>r[msg=17]`   a message enters the link and leaves it; `[side=out]`: it was seen at one side only
`m!call[corr=c1]`    the node (`r`: the relay) writes a journal line, with these fields
`@2.5`               the clock goes on to 2.5 s
`%profile=documented` a line of the header: `profile`, `level`, `scheduled`, `runtime`, `with`; `%other=m2,d2`: nodes of
                     another user
===================  ================================================================================================

An observation takes more: `{f=v}` other values for columns, `"text"` another text, `(event:17)` its cause. `[k=v]`
sets a raw field of anything: `m:a@3[end=9]`, `m:a=1[rev=9]`, `m:final[foreground=false]`. `…*16` says a token 16 times.

Rooms: `reading` (a line, token by token) · `parts` (what tokens are) · `wire` (what passes between nodes) ·
`examples` (the lines of `reasons.txt`).

May use: `checkers/past`, `harness`.
"""

from __future__ import annotations

from checkers.notation.parts import NotationError
from checkers.notation.reading import SESSIONS, read

__all__ = ["SESSIONS", "NotationError", "read"]
