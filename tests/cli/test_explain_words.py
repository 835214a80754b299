"""The words of a workload are explained as plug-ins are."""

from __future__ import annotations

import pytest

from harness.cli import main


def explained(name: str, capfd: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["explain", name])
    assert ended.value.code == 0
    return capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("workload", ["spread", "mobile_rate", "default: 2/s", "stream: {for: 30s, every: 500ms}"]),
        ("stream", ["for required", "every required"]),
        ("chunk", ["do: chunk", "repeat default: 1", "stream"]),
        ("content", ["unicode default: 0.4"]),
    ],
)
def test_a_word_of_the_workload_says_what_may_stand_there(
    name: str, said: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    told = " ".join(explained(name, capfd).split())
    assert all(part in told for part in said), told
    assert "Undefined" not in told
