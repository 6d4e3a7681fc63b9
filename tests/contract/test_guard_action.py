"""The guard's example is wired as its guide says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotion.common.promotion_rules.job_names import find_impostors
from promotion.common.promotion_rules.rules import DEFAULT_RULES
from promotion.common.promotion_rules.rules_file import parse_rules

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "guard.md").read_text("utf-8")


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    return yaml.load((ROOT / "examples" / "workflows" / "guard.yml").read_text("utf-8"), yaml.BaseLoader)  # noqa: S506


def test_the_readme_has_the_whole_example(workflow: dict[str, Any]) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    section = readme.split("\n## Guard\n")[1].split("\n## ")[0]
    (shown,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert yaml.load(shown, yaml.BaseLoader) == workflow  # noqa: S506
    assert "`promotion: prod`" in section
    assert "GitHub Actions as their source" in section


def test_the_guides_rules_are_rules() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert parse_rules(example, "guide").keys() == DEFAULT_RULES.keys()
    for snippet in re.findall(r"`((?:prod|stage): [\[{].*?)`", GUIDE):
        parse_rules(snippet, "guide")


def test_the_example_has_every_trigger_and_the_least_permissions(workflow: dict[str, Any]) -> None:
    pulls = workflow["on"]["pull_request_target"]
    wanted = {"opened", "synchronize", "reopened", "edited", "ready_for_review", "enqueued"}
    assert set(pulls["types"]) == wanted | {"auto_merge_enabled", "auto_merge_disabled"}
    assert workflow["on"].keys() >= {"merge_group", "push", "workflow_dispatch"}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read", "pull-requests": "read"}
    assert "if" not in job, "a skipped job counts as success"


def test_the_examples_check_carries_the_target(workflow: dict[str, Any]) -> None:
    (job,) = workflow["jobs"].values()
    assert job["name"].startswith("promotion: ${{ github.base_ref || ")
    (known,) = re.findall(r"fromJSON\('(.*?)'\)\[github.event.merge_group.base_ref\]", job["name"])
    assert json.loads(known) == {f"refs/heads/{branch}": branch for branch in DEFAULT_RULES}
    assert "run" not in json.dumps(job["steps"]), "no branch name reaches a shell"


def test_only_pull_requests_and_groups_report_the_examples_check() -> None:
    """A manual run may be started on any tag. A name with a blank is no branch's."""
    text = (ROOT / "examples" / "workflows" / "guard.yml").read_bytes()
    assert b"|| format('on {0}', github.event_name) }}" in text
    checks = [f"promotion: {branch}" for branch in DEFAULT_RULES]
    assert not list(find_impostors({"guard.yml": text}, checks))
    old = text.replace(b"format('on {0}', github.event_name)", b"github.ref_name")
    assert [found.event for found in find_impostors({"guard.yml": old}, checks)] == ["workflow_dispatch"]
