"""A desktop: it answers calls, and tells what it commits."""

from __future__ import annotations

from typing import Any, Final

from harness.conform import Check, NotJudged, Unmet
from harness.conform.client.bench import ClientBench
from harness.conform.client.probing import done, hello, junk, until
from harness.conform.frames import shown
from targets.protocol import DEFINITE_CODES, REQUIRED_FIELDS

_JOB = "c0f0c0f0-0000-4000-8000-00000000c0f0"


def _session(bench: ClientBench) -> tuple[str, str]:
    """A project's directory, and a session of it."""
    for directory, sessions in bench.node.projects.items():
        if sessions:
            return directory, sessions[0]
    raise NotJudged("the topology names no session of it")


async def _list(bench: ClientBench) -> str:
    response = await bench.ask("job.list", {"sessionId": _session(bench)[1], "page": 0})
    result = response.get("result")
    missing = {"jobs", "totalCount", "page", "pageSize"}.difference(result if isinstance(result, dict) else {})
    if response.get("error") is not None or missing or not response.get("isFinal"):
        raise Unmet(shown(response))
    return shown(result)


async def _refused(bench: ClientBench, method: str, params: Any, codes: tuple[str, ...]) -> str:
    response = await bench.ask(method, params)
    error = response.get("error")
    if not isinstance(error, dict) or error.get("code") not in codes:
        raise Unmet(shown(response))
    return shown(error)


async def _unknown_job(bench: ClientBench) -> str:
    return await _refused(bench, "job.get", {"jobId": "c0f0c0f0-dead-4000-8000-00000000c0f0"}, ("not_found",))


async def _unknown_method(bench: ClientBench) -> str:
    return await _refused(bench, "job.conform", {}, DEFINITE_CODES)


async def _bad_params(bench: ClientBench) -> str:
    return await _refused(bench, "job.get", {"jobId": 7}, ("invalid_params", "not_found"))


async def _told(bench: ClientBench) -> str:
    bench.require_probe()
    directory, session = _session(bench)
    talk = (await bench.now()).talk
    before = len(talk.frames)
    value = {"jobId": _JOB, "sessionId": session, "projectDirectory": directory, "taskType": "chat", "prompt": "é"}
    await done(bench, "create", value)
    event = await talk.hear(
        lambda f: "job:created" in (f.get("eventType"), f.get("messageType")), "job:created", before
    )
    row = event.get("payload", {}).get("job") or {}
    if missing := [name for name in REQUIRED_FIELDS if name not in row]:
        raise Unmet(f"a row without {', '.join(missing)}")
    return f"job:created with a row of {len(row)} fields"


async def _kept(bench: ClientBench) -> str:
    state = await until(bench, "the job", lambda state: _JOB in state.get("jobs", {}))
    response = await bench.ask("job.get", {"jobId": _JOB})
    job = (response.get("result") or {}).get("job") or {}
    stored = state["jobs"][_JOB]
    different = [name for name in REQUIRED_FIELDS if job.get(name) != stored.get(name)]
    if different:
        raise Unmet(f"the answer and its state differ in {', '.join(different)}")
    return "the same row as in its state"


CHECKS: Final[tuple[Check[ClientBench], ...]] = (
    Check("calls.list", "job.list of a session", "a result with jobs, totalCount, page and pageSize", _list),
    Check("calls.unknown-job", "job.get of a job that is not there", "error not_found", _unknown_job),
    Check("calls.unknown-method", "a call of no known method", "an error that says it was not done", _unknown_method),
    Check("calls.bad-params", "job.get with a number as jobId", "error invalid_params", _bad_params),
    Check("probe.hello", "–", "its name, role and evidence level", hello),
    Check("probe.junk", "frames that are none, to its probe", "an error, and it goes on", junk),
    Check("events.told", "the operation create", "job:created, with the whole row", _told),
    Check("events.kept", "job.get of that job", "the row that its state shows", _kept),
)
