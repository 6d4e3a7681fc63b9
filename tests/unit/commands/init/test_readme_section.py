"""The README's section: added, found again, and never at the cost of what is there."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from promotion.commands.init.inputs import SetupRequest
from promotion.commands.init.readme_section import (
    BEGIN,
    END,
    make_argo,
    make_flux,
    make_section,
    merge_section,
)
from promotion.errors import UsageError

REQUEST = SetupRequest(
    kind="manifests",
    hld="acme/cluster-hld",
    manifests="acme/cluster-manifests",
    action="acme/gitops-promotion",
    version="v1",
    environments={"dev": "dev", "stage": "stage", "prod": "prod"},
    server_url="https://git.acme.example",
)
SECTION = f"{BEGIN}\nours\n{END}"


@given(readme=st.text().filter(lambda text: BEGIN not in text and END not in text))
def test_what_is_there_stays_and_twice_is_once(readme: str) -> None:
    merged = merge_section(readme, SECTION, "title")
    assert readme.strip("\r\n") in merged
    assert merge_section(merged, SECTION, "title") == merged


def test_a_section_takes_the_old_ones_place() -> None:
    old = f"before\r\n{BEGIN}\r\nold\r\n{END}\r\nafter\r\n"
    assert merge_section(old, SECTION, "title") == f"before\r\n{BEGIN}\r\nours\r\n{END}\r\nafter\r\n"


@pytest.mark.parametrize("broken", [BEGIN, END, f"{END} {BEGIN}", f"{SECTION} {SECTION}"])
def test_broken_markers_are_told(broken: str) -> None:
    with pytest.raises(UsageError, match="the README has"):
        merge_section(broken, SECTION, "title")


def test_a_new_readme_has_a_title() -> None:
    assert merge_section(None, SECTION, "cluster-hld").startswith("# cluster-hld\n\n" + BEGIN)


def test_flux_and_argo_follow_the_branch() -> None:
    source, sync = yaml.safe_load_all(make_flux(REQUEST, "prod"))
    assert source["spec"]["url"] == "https://git.acme.example/acme/cluster-manifests"
    assert source["spec"]["ref"] == {"branch": "prod"}
    assert sync["spec"]["sourceRef"] == {"kind": "GitRepository", "name": source["metadata"]["name"]}
    application = yaml.safe_load(make_argo(REQUEST, "prod"))
    assert application["spec"]["source"]["targetRevision"] == "prod"
    assert make_flux(REQUEST, "dev") in make_section(REQUEST, files=[])
