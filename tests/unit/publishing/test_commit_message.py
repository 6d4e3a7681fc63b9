from __future__ import annotations

import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.event import Event
from promotion.errors import UsageError
from promotion.publishing.commit_message import (
    DEFAULT_AUTHOR,
    DEFAULT_TEMPLATE,
    PLACEHOLDERS,
    build_message,
    check_template,
    parse_author,
    summarize,
)
from promotion.rendering.lock.lock import LockedComponent, LockedHld
from promotion.rendering.manifests.file_owners import ComponentChange
from promotion.rendering.manifests.resource_changes import Action, ImageChange, ResourceChange
from promotion.rendering.manifests.resource_identity import Resource
from promotion.rendering.model import Provenance

HLD = LockedHld(repository="https://github.com/acme/hld", path=".", ref="dev", commit="a" * 40)
EVENT = Event(
    repository="acme/cat-application",
    commit="c" * 40,
    actor="mona",
    run_url="https://github.com/acme/cat-application/actions/runs/1",
)


def locked(label: str = "cat-application", **fields: str) -> LockedComponent:
    fields = {"source": f"https://github.com/acme/{label}", "ref": "dev", "revision": "b" * 40} | fields
    return LockedComponent(label=label, provenance=Provenance(**fields))


def changed(action: Action, *images: str, name: str = "cat") -> ResourceChange:
    return ResourceChange(
        action=action,
        resource=Resource(kind="Deployment", namespace="pets", name=name),
        component="cat-application",
        path="cat-application/cat-application.yaml",
        images=tuple(
            ImageChange(name=f"ghcr.io/{n}", before=b, after=a) for n, b, a in map(str.split, images)
        ),
    )


def change(
    *resources: ResourceChange,
    before: LockedComponent | None = None,
    after: LockedComponent | None = None,
    action: Action = "changed",
) -> ComponentChange:
    return ComponentChange(
        action=action,
        path="x.yaml",
        before=(before or locked()) if action != "added" else None,
        after=(after or locked()) if action != "removed" else None,
        resources=resources,
    )


CAT = change(changed("changed", "cat 1.1.0 1.2.0"))


def message(template: str = DEFAULT_TEMPLATE, *changes: ComponentChange, **fields: Any) -> str:
    fields = {"environment": "dev", "hld": HLD, "event": EVENT} | fields
    return build_message(template, changes=changes or (CAT,), **fields)


def trailers(text: str) -> list[str]:
    """The trailers as git reads them."""
    git = ["git", "interpret-trailers", "--parse", "--no-divider"]
    return (
        subprocess.run(git, input=text.encode(), capture_output=True, check=True).stdout.decode().splitlines()
    )


def test_whole_message() -> None:
    assert message() == (
        "dev: cat-application 1.1.0 → 1.2.0\n"
        "\n"
        "- cat-application changed: 1 resource changed; ghcr.io/cat: 1.1.0 → 1.2.0\n"
        "\n"
        f"HLD-Commit: https://github.com/acme/hld@{'a' * 40}\n"
        f"Source-Commit: cat-application https://github.com/acme/cat-application@{'b' * 40}\n"
        f"Triggered-By: acme/cat-application@{'c' * 40} by mona "
        "https://github.com/acme/cat-application/actions/runs/1\n"
    )


def test_git_reads_the_trailers() -> None:
    assert [row.partition(":")[0] for row in trailers(message())] == [
        "HLD-Commit",
        "Source-Commit",
        "Triggered-By",
    ]


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ([CAT], "dev: cat-application 1.1.0 → 1.2.0"),
        ([change(changed("changed", "a 1 2", "b 1 2"))], "dev: cat-application 1 → 2"),
        ([change(changed("changed", "a 1 2", "b 3 4"))], "dev: cat-application changed"),
        ([change(changed("changed"))], "dev: cat-application changed"),
        ([change(changed("added"), action="added")], "dev: cat-application added"),
        ([change(changed("removed"), action="removed")], "dev: cat-application removed"),
        ([CAT, CAT, CAT], "dev: 3 components changed"),
        ([change(action="added"), change(action="added")], "dev: 2 components added"),
        ([CAT, change(action="removed")], "dev: 1 component changed, 1 removed"),
        ([CAT, CAT, change(action="added")], "dev: 2 components changed, 1 added"),
        ([], "dev: take over existing manifests"),
    ],
)
def test_summary_says_version_or_count(changes: list[ComponentChange], summary: str) -> None:
    assert summarize("dev", changes) == summary


def test_summary_says_the_charts_version_where_no_image_does() -> None:
    before, after = (locked("redis", revision=f"{version} sha256:00") for version in ("17.0.0", "18.1.0"))
    assert summarize("dev", [change(before=before, after=after)]) == "dev: redis 17.0.0 → 18.1.0"


def test_summary_says_the_ref_where_nothing_else_does() -> None:
    before, after = locked(ref="v1"), locked(ref="d" * 40)
    assert summarize("dev", [change(before=before, after=after)]) == "dev: cat-application v1 → dddddddddddd"


def test_trailers_name_each_changed_component_with_what_it_came_from() -> None:
    chart = locked("redis", source="https://charts.example", revision="18.1.0 sha256:00")
    inline = locked("own", source="", revision="")
    text = message(DEFAULT_TEMPLATE, CAT, change(after=chart), change(after=inline), change(action="removed"))
    assert [row for row in trailers(text) if row.startswith("Source")] == [
        f"Source-Commit: cat-application https://github.com/acme/cat-application@{'b' * 40}",
        "Source-Version: redis https://charts.example 18.1.0 sha256:00",
        f"Source-Commit: own https://github.com/acme/hld@{'a' * 40}",
    ]


def test_addresses_lose_their_credentials() -> None:
    url = "https://mona:s3cret@github.com/acme/hld"
    text = message(
        "{summary} {hld-repository}", change(after=locked(source=url)), hld=LockedHld(repository=url)
    )
    assert "s3cret" not in text
    assert f"Source-Commit: cat-application https://github.com/acme/hld@{'b' * 40}" in text


def test_outside_actions_nothing_is_said_of_a_trigger() -> None:
    text = message(hld=LockedHld(), event=Event())
    assert [row.partition(":")[0] for row in trailers(text)] == ["Source-Commit"]


def test_template_of_one_line_is_the_subject() -> None:
    text = message("deploy({environment}): {components} by {actor} {{x}}")
    assert text.startswith("deploy(dev): cat-application by mona {x}\n\n- cat-application changed")


def test_template_of_more_lines_is_the_whole_text() -> None:
    text = message("{summary}\r\n\r\nFrom {hld-repository} {hld-ref} {hld-commit}\n{changes}\n")
    assert text.startswith(
        f"dev: cat-application 1.1.0 → 1.2.0\n\nFrom https://github.com/acme/hld dev {'a' * 40}\n"
        "- cat-application changed: 1 resource changed; ghcr.io/cat: 1.1.0 → 1.2.0\n\nHLD-Commit: "
    )


def test_trailers_of_the_template_stand_with_ours() -> None:
    text = message("{summary}\n\nSigned-off-by: {actor} <m@acme.example>\nChange-Id: 1")
    assert [row.partition(":")[0] for row in trailers(text)] == [
        "Signed-off-by",
        "Change-Id",
        "HLD-Commit",
        "Source-Commit",
        "Triggered-By",
    ]


@pytest.mark.parametrize("template", ["", "  \n", "{run-url}"])
def test_message_is_never_without_a_subject(template: str) -> None:
    assert message(template, event=Event()).startswith("dev: cat-application 1.1.0 → 1.2.0\n")


def test_every_placeholder_has_a_value() -> None:
    template = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    check_template(template)
    assert "{" not in message(template)


@pytest.mark.parametrize("template", ["{nonsense}", "{}", "{ }", "{Summary}", "{0}", "{summary!r}", "{a\nb}"])
def test_unknown_placeholder_is_an_error_that_lists_the_known(template: str) -> None:
    with pytest.raises(UsageError, match=r"unknown placeholder .*\{summary\}, \{environment\}"):
        check_template(template)


@pytest.mark.parametrize("template", ["{", "{summary", "a {{{ b"])
def test_open_brace_is_an_error(template: str) -> None:
    with pytest.raises(UsageError, match="open brace"):
        check_template(template)


def test_long_lists_are_cut_with_a_count() -> None:
    changes = [change(after=locked(f"app-{number}")) for number in range(60)]
    text = message("{components}", *changes)
    assert text.startswith(
        "app-0, app-1, app-2, app-3, app-4, app-5, app-6, app-7, app-8, app-9 and 50 more\n"
    )
    assert "- app-49 changed\n- and 10 more\n" in text
    assert sum(row.startswith("Source-Commit") for row in trailers(text)) == 60


HOSTILE = [
    "x\n\nSigned-off-by: Boss <boss@acme.example>",
    "x\r\rSource-Commit: evil",
    "x\u2028\u2028A: b",
    "[skip ci]",
    "\x1b[31mred",
    "\u202egnp",
    "fixes #1, closes GH-2 and acme/cat#3, cc @acme/team",
    "\ud800",
    "y" * 10_000,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_repositories_do_no_harm(name: str) -> None:
    hostile = change(
        changed("changed", "cat 1 2"), after=locked(name, source=name, ref=name, revision=f"{name} {name}")
    )
    event = Event(repository=name, commit=name, actor=name, run_url=name)
    text = message(
        "{summary} {components} {actor} {hld-ref}",
        hostile,
        event=event,
        hld=LockedHld(repository=name, ref=name),
    )
    subject, body, tail = text.split("\n\n")
    assert "\n" not in subject
    assert body.startswith("- ")
    assert "\n" not in body
    assert [row.partition(":")[0] for row in trailers(text)] == ["Source-Version", "Triggered-By"]
    assert tail.count("\n") == 2
    assert not [word for word in ("[skip ci]", "#1", "GH-2", "cat#3", "@acme/") if word in text]
    assert not set("\x1b\u202e\u2028\ud800\r") & set(text)
    assert len(text) < 5000
    text.encode()


@given(st.text(max_size=50), st.text(max_size=50), st.text(max_size=50))
def test_nobody_adds_a_trailer(label: str, source: str, actor: str) -> None:
    part = change(changed("changed", "cat 1 2"), after=locked(label or "x", source=source or "y"))
    tail = message(DEFAULT_TEMPLATE, part, event=Event(actor=actor)).rstrip("\n").split("\n\n")[-1]
    assert [row.partition(":")[0] for row in tail.split("\n")] in (
        ["HLD-Commit", "Source-Commit", "Triggered-By"],
        ["HLD-Commit", "Source-Commit"],
    )


def test_author_is_name_and_address() -> None:
    assert parse_author(" Mona Lisa  <mona@github.com> ") == ("Mona Lisa", "mona@github.com")
    bot = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
    assert parse_author("") == parse_author(DEFAULT_AUTHOR) == bot


@pytest.mark.parametrize(
    "text",
    [
        "Mona",
        "<mona@github.com>",
        "Mona <>",
        "Mona <a b>",
        "Mona <a> <b>",
        "Mona <a>\nx",
        "Mo\nna <a@b>",
        "Mona <a\n>",
    ],
)
def test_malformed_author_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match=r"commit-author is .*Name <address>"):
        parse_author(text)


def test_a_dispatch_names_the_change_and_who_handled_it() -> None:
    sent = {"repository": "acme/cat", "commit": "d" * 40, "actor": "ada"}
    event = Event(
        name="repository_dispatch",
        repository="acme/hld",
        commit="e" * 40,
        actor="promoter[bot]",
        run_url="https://github.com/acme/hld/actions/runs/2",
        payload={"client_payload": sent},
    )
    text = build_message("{summary} for {repository}", environment="dev", changes=[], hld=HLD, event=event)
    assert "for acme/cat\n" in text
    assert text.splitlines()[-2:] == [
        f"Triggered-By: acme/cat@{'d' * 40} by ada",
        "Handled-By: acme/hld by promoter(bot) https://github.com/acme/hld/actions/runs/2",
    ]
