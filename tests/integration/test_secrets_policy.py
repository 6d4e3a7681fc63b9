"""Kubernetes Secrets in a run: the policy for those in plain text, and that no message shows a value."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.estate import Estate
from support.estate_copies import copy_server, create_estate
from support.webserver import serve

VALUE = "hunter2-of-the-database"
ENCODED = base64.b64encode(VALUE.encode()).decode()
SECRET = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: {{{{ .Release.Name }}}}-db
  namespace: cats
data:
  password: {ENCODED}
stringData:
  url: "postgres://cat:{VALUE}@db"
"""
TEMPLATE = "hld/chart/templates/secret.yaml"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    with copy_server(tmp_path / "server", create_estate) as server:
        made = Estate(server, tmp_path / "steps")
        made.repository("cat-application").commit({TEMPLATE: SECRET})
        yield made


def test_a_secret_in_plain_text_is_warned_of(estate: Estate) -> None:
    done = estate.run(estate.push_event())
    assert done.code == 0, done.log
    (warning,) = (line for line in done.log.splitlines() if line.startswith("::warning"))
    for part in (
        "component cat-application: the Secret cats/cat-application-db (keys password, url; from",
        "templates/secret.yaml) is in plain text",
        "SealedSecret",
        "allowed-secrets: cats/cat-application-db",
    ):
        assert part in warning
    assert "cat-application-db" in done.step.summary
    assert VALUE not in done.log + done.step.summary
    assert ENCODED not in done.log + done.step.summary


def test_a_secret_in_plain_text_is_refused_before_anything_is_published(estate: Estate) -> None:
    done = estate.run(estate.push_event(secrets="deny", on_failure="stop"))
    assert done.code == 1
    (error,) = done.errors
    assert "component cat-application: the Secret cats/cat-application-db (keys password, url" in error
    assert not estate.manifests.git("for-each-ref")
    assert "git-receive-pack" not in str(estate.server.requests), "not even asked to take anything"


def test_a_new_policy_counts_for_what_is_committed_already(estate: Estate) -> None:
    assert estate.run(estate.push_event()).code == 0
    assert estate.run(estate.push_event()).step.outputs["changed"] == "false"
    done = estate.run(estate.push_event(secrets="deny"))
    assert done.code == 1
    assert "cats/cat-application-db" in done.errors[0]


@pytest.mark.parametrize(
    "inputs", [{"secrets": "allow"}, {"secrets": "deny", "allowed_secrets": "x/y, cats/*-db"}]
)
def test_a_secret_in_plain_text_can_be_allowed(estate: Estate, inputs: dict[str, str]) -> None:
    done = estate.run(estate.push_event(**inputs))
    assert done.code == 0, done.log
    assert "::warning" not in done.log
    assert ENCODED in estate.manifests.read("cat-application/cat-application.yaml")


HIDDEN = b"\xef\xbb\xbf---\n" + SECRET.replace("{{ .Release.Name }}", "hidden").encode()


@pytest.mark.parametrize("method", ["local", "http"])
def test_a_byte_order_mark_hides_no_secret(estate: Estate, method: str) -> None:
    """In a manifest that joins files it would stand in the middle, where a document with it is no YAML."""
    with serve() as site:
        entry: dict[str, object] = {"name": "hidden", "type": "static", "path": "m"}
        if method == "http":
            address = site.answer("/secret.yaml", HIDDEN)
            entry = {"name": "hidden", "type": "static", "method": "http", "source": address}
        definition = json.dumps({"name": "pets-cluster", "subcomponents": [entry]})
        files = {"component.yaml": definition, "m/secret.yaml": HIDDEN}
        estate.repository("cluster-hld").commit(files, branch="dev")
        done = estate.run(estate.push_event(secrets="deny", on_failure="stop"))
    assert done.code == 1, done.log
    assert "the Secret cats/hidden-db (keys password, url) is in plain text" in done.errors[0]
    assert not estate.manifests.git("for-each-ref")


def test_a_malformed_allow_list_ends_the_run_at_once(estate: Estate) -> None:
    done = estate.run(estate.push_event(allowed_secrets="cat-application-db"))
    assert done.code == 2
    assert "namespace/name" in done.errors[0]
    assert not estate.server.requests
