"""docs/channel/schedule.md: jobs whose commands are ones of the program."""

import re
from pathlib import Path
from typing import Any

import yaml
from tests.commands.parsing import parsed

PAGE = Path(__file__).resolve().parents[2] / "docs/channel/schedule.md"


def jobs() -> list[dict[str, Any]]:
    """The YAML blocks of the page."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [yaml.safe_load(block) for block in blocks]


def lines(job: dict[str, Any]) -> list[str]:
    """The commands of a workflow of GitHub, or of a job of GitLab."""
    if "jobs" in job:
        return [step["run"] for of in job["jobs"].values() for step in of["steps"] if "run" in step]
    return [line for of in job.values() for line in of["script"]]


def test_each_command_of_a_job_is_one_of_the_program() -> None:
    """With options that it has; steps name the store alone."""
    github, gitlab, weekly = map(lines, jobs())
    own = [[line.split() for line in of if line.startswith("edgefleet ")] for of in (github, gitlab, weekly)]
    step = ["edgefleet", "rollout", "step", "--store", "s3://shops-edgefleet-eu/images"]
    assert [[step], [step]] == own[:2]
    assert ["preview", "up"] == [*map(parsed, own[2])]
    assert "rollout step" == parsed(step)


def test_jobs_have_credentials_for_a_while_alone() -> None:
    """By OpenID Connect; no key is among their variables."""
    github, gitlab, weekly = jobs()
    for workflow in (github, weekly):
        assert "write" == workflow["permissions"]["id-token"]
    assert "id_tokens" in gitlab["step"]
    assert "AWS_SECRET_ACCESS_KEY" not in PAGE.read_text()


def test_a_schedule_runs_steps_each_quarter_of_an_hour_and_up_each_week() -> None:
    """One at a time is enough, and several do no harm."""
    github, _, weekly = jobs()
    triggers: list[dict[Any, Any]] = [github, weekly]
    # YAML 1.1 reads the key "on" as true.
    crons = [workflow[True]["schedule"][0]["cron"] for workflow in triggers]
    assert ["*/15 * * * *", "0 6 * * 1"] == crons
    assert {"group": "rollout"} == github["concurrency"]
