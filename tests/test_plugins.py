"""Runtimes and profiles keep their contracts; faults, checkers, plans and commands have tests of their own for that."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from harness import plan, registry
from harness.runs.run import verbs_of
from harness.runtimes import Runtime
from harness.wire.dialect import Dialect
from targets import policy, profiles


def _verbs() -> set[str]:
    """Every verb that some fault may need."""
    return {verb for name in registry.names("fault") for verb in registry.find("fault", name).VERBS}


def test_plans_and_topologies_are_the_files_of_their_folders() -> None:
    root = registry.configs_dir()
    files = {path.relative_to(root).with_suffix("").as_posix(): path for path in root.rglob("*.yaml")}
    topologies = {name.removeprefix("topologies/"): path for name, path in files.items() if name.startswith("topolo")}
    plans = {name: path for name, path in files.items() if not name.startswith(("topologies/", "schema/"))}
    for no_plan in ("nightly", "known-failures"):
        del plans[no_plan]
    for kind, there in (("plan", plans), ("topology", topologies)):
        assert registry.names(kind) == sorted(there)
        assert {name: registry.find(kind, name) for name in there} == there


@pytest.mark.parametrize("name", registry.names("runtime"))
def test_a_runtime_has_every_verb_or_says_why_not(name: str) -> None:
    runtime: Runtime = registry.find("runtime", name)
    assert name == runtime.NAME
    assert runtime.SUMMARY
    assert runtime.VERBS & set(runtime.WHY_NOT) == set()
    assert _verbs() - runtime.VERBS - set(runtime.WHY_NOT) == set()
    assert all(runtime.WHY_NOT.values())


@pytest.mark.parametrize("name", registry.names("runtime"))
def test_a_runtime_keeps_its_contract(name: str) -> None:
    runtime = registry.find("runtime", name)
    promised = {word for word in {*vars(Runtime), *Runtime.__annotations__} if not word.startswith("_")}
    assert promised >= {"NAME", "VERBS", "WHY_NOT", "missing", "execute"}
    assert {word for word in promised if not hasattr(runtime, word)} == set()


@pytest.mark.parametrize("action", registry.names("fault"))
def test_a_fault_needs_only_verbs_that_it_declares(action: str) -> None:
    fault = registry.find("fault", action)
    schedule = plan.expand(plan.parse(f"version: 1\nfaults: [{fault.EXAMPLE}]"), 1)
    assert verbs_of(schedule) <= fault.VERBS


@pytest.mark.parametrize("name", registry.names("dialect"))
def test_a_dialect_reads_what_it_says(name: str) -> None:
    dialect: Dialect = registry.find("dialect", name)
    assert (dialect.NAME, bool(dialect.SUMMARY)) == (name, True)
    event = {"type": "event", "eventType": "job:deleted", "payload": {"jobId": "j1", "sessionId": "s1"}}
    said = dialect.from_reference(msgspec.json.encode(event))
    assert said is not None
    assert dialect.classify(said)[:2] == ("job:deleted", "j1")
    assert msgspec.json.decode(dialect.to_reference(said) or b"null") == event


@pytest.mark.parametrize("name", registry.names("profile"))
def test_a_profile_chooses_an_object_for_every_slot(name: str) -> None:
    chosen = profiles.load(name)
    assert {word for word, slot in policy.slots().items() if chosen[slot] is None} == set()


def test_a_slot_stands_where_it_is_looked_for() -> None:
    """Rooms are searched by the names of their files: a slot elsewhere would be a policy that nobody can choose."""
    says = (
        "import importlib, pkgutil, targets; from targets import policy, profiles; profiles.load('hardened');"
        "found = set(policy.slots());"
        "names = [m.name for m in pkgutil.walk_packages(targets.__path__, 'targets.')];"
        "[importlib.import_module(n) for n in names if 'foreign' not in n and '__main__' not in n];"
        "roles = {slot.role for slot in policy.slots().values()} - {'desktop', 'mobile', 'relay', 'link'};"
        "print(len(found), len(names), sorted(set(policy.slots()) - found), sorted(roles))"
    )
    done = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, timeout=120, check=True)
    slots, modules, lost = done.stdout.split(maxsplit=2)
    assert int(slots) > 70 and int(modules) > 60
    assert lost.split() == ["[]", "[]"], "slots that are not found, and roles that nobody has"
