from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotion.common.paths import flaw
from promotion.errors import Location, PublishError
from promotion.rendering.lock.input_digest import blob_id, digest_fields
from promotion.rendering.lock.lock import (
    Lock,
    LockedComponent,
    LockedHld,
    LockedSubtree,
    Pin,
    is_alike,
    lock_components,
)
from promotion.rendering.lock.lock_file import NewerLockError, dumps, locate_lock, parse_lock, read_lock
from promotion.rendering.lock.value_origins import FileOrigin
from promotion.rendering.model import Provenance, RenderedComponent
from promotion.rendering.sources.chart_source import ChartSource
from promotion.rendering.sources.git_source import GitSource
from promotion.rendering.sources.web_source import WebSource

WHERE = Location("clusters/west/promotion.lock")
LOCK = Lock(
    environment="dev",
    hld=LockedHld(repository="https://github.com/acme/hld", path=".", ref="dev", commit="aaaa"),
    configs=("dev", "azure"),
    engine="1.0.0",
    helm="4.2.3",
    components={
        "cat/cat.yaml": LockedComponent(
            label="cat",
            kind="helm",
            provenance=Provenance(
                source="https://github.com/acme/cat", ref="dev", revision="bbbb", path="charts/cat"
            ),
            input_digest="sha256:1",
            files={"cat/cat.yaml": "8ab686ea"},
            resources=("Service cats/cat", "apps/Deployment cats/cat"),
            subtree="sha256:4",
            origins=(
                FileOrigin(
                    repository="https://github.com/acme/cat",
                    commit="bbbb",
                    file="hld/config/prod.yaml",
                    values={"image.tag": 3},
                ),
            ),
            source_digest="sha256:7",
            part="cat",
        )
    },
    request="sha256:3",
    subtrees={
        "sha256:3": LockedSubtree(
            answers={GitSource(url="https://github.com/acme/hld", branch="dev"): "aaaa"},
            subtrees=("sha256:4",),
        ),
        "sha256:4": LockedSubtree(
            answers={
                GitSource(url="https://github.com/acme/cat", version="v1"): "bbbb",
                ChartSource(repository="https://charts.acme.example", chart="web"): "1.2.3 sha256:5",
                WebSource(url="https://acme.example/cat.yaml"): "sha256:6",
            }
        ),
    },
    pins={
        "cat/cat.yaml": Pin(
            label="cat",
            to="cccc",
            base="dddd",
            held_back=LockedComponent(
                label="cat", files={"cat/cat.yaml": "9ab686ea"}, source_digest="sha256:8"
            ),
        ),
        "dog.yaml": Pin(label="dog", to="cccc", base="dddd"),
    },
)


def test_text_is_sorted_indented_and_ends_in_one_line_feed() -> None:
    text = dumps(LOCK).decode()
    assert re.sub(r'(?<="checksum": ")sha256:[0-9a-f]{64}', "CHECKSUM", text) == (
        """\
{
  "checksum": "CHECKSUM",
  "components": {
    "cat/cat.yaml": {
      "basis": "sha256:7",
      "files": {
        "cat/cat.yaml": "8ab686ea"
      },
      "inputs": "sha256:1",
      "kind": "helm",
      "label": "cat",
      "origins": [
        {
          "commit": "bbbb",
          "file": "hld/config/prod.yaml",
          "repository": "https://github.com/acme/cat",
          "values": {
            "image.tag": 3
          }
        }
      ],
      "part": "cat",
      "path": "charts/cat",
      "ref": "dev",
      "resources": [
        "Service cats/cat",
        "apps/Deployment cats/cat"
      ],
      "revision": "bbbb",
      "source": "https://github.com/acme/cat",
      "unit": "sha256:4"
    }
  },
  "configs": [
    "dev",
    "azure"
  ],
  "environment": "dev",
  "format": 3,
  "hld": {
    "commit": "aaaa",
    "path": ".",
    "ref": "dev",
    "repository": "https://github.com/acme/hld"
  },
  "pins": {
    "cat/cat.yaml": {
      "base": "dddd",
      "held-back": {
        "basis": "sha256:8",
        "files": {
          "cat/cat.yaml": "9ab686ea"
        },
        "inputs": "",
        "kind": "",
        "label": "cat",
        "origins": [],
        "part": "",
        "path": "",
        "ref": "",
        "resources": [],
        "revision": "",
        "source": "",
        "unit": ""
      },
      "label": "cat",
      "to": "cccc"
    },
    "dog.yaml": {
      "base": "dddd",
      "held-back": null,
      "label": "dog",
      "to": "cccc"
    }
  },
  "request": "sha256:3",
  "units": {
    "sha256:3": {
      "sources": [
        {
          "answer": "aaaa",
          "branch": "dev",
          "git": "https://github.com/acme/hld"
        }
      ],
      "units": [
        "sha256:4"
      ]
    },
    "sha256:4": {
      "sources": [
        {
          "answer": "1.2.3 sha256:5",
          "chart": "web",
          "charts": "https://charts.acme.example"
        },
        {
          "answer": "bbbb",
          "git": "https://github.com/acme/cat",
          "version": "v1"
        },
        {
          "answer": "sha256:6",
          "file": "https://acme.example/cat.yaml"
        }
      ],
      "units": []
    }
  },
  "versions": {
    "helm": "4.2.3",
    "promotion": "1.0.0"
  }
}
"""
    )


def test_rendered_components_are_locked_with_the_digest_of_their_file() -> None:
    part = RenderedComponent(
        label="cat",
        path="cat/cat.yaml",
        kind="helm",
        provenance=Provenance(source="https://github.com/acme/cat", ref="dev", revision="b" * 40),
        input_digest="sha256:1",
        manifest=b"kind: Pod\n",
    )
    locked = lock_components([part])["cat/cat.yaml"]
    assert locked.files == {"cat/cat.yaml": blob_id(b"kind: Pod\n")}
    assert (locked.label, locked.provenance, locked.input_digest) == ("cat", part.provenance, "sha256:1")


def test_addresses_lose_their_credentials() -> None:
    component = LockedComponent(
        label="cat", provenance=Provenance(source="https://mona:s3cret@github.com/acme/cat")
    )
    hld = LockedHld(repository="https://x-access-token:s3cret@github.com/acme/hld")
    text = dumps(Lock(hld=hld, components={"cat.yaml": component})).decode()
    assert "s3cret" not in text
    assert "https://github.com/acme/cat" in text
    assert "https://github.com/acme/hld" in text


texts = st.text(max_size=20)
names = st.text(min_size=1, max_size=10)
sources = st.one_of(
    st.builds(GitSource, url=names, branch=texts, version=texts),
    st.builds(ChartSource, repository=names, chart=texts, version=texts),
    st.builds(WebSource, url=texts),
)
paths = st.text(min_size=1, max_size=10).map("{}.yaml".format).filter(lambda path: not flaw(path))


@st.composite
def pins(draw: st.DrawFn) -> dict[str, Pin]:
    found = {}
    for path in draw(st.lists(st.sampled_from(["cat.yaml", "pets/dog.yaml"]), max_size=2)):
        blob, label = draw(texts), draw(texts)
        part = LockedComponent(label=label, files={path: blob}, source_digest=draw(texts))
        found[path] = Pin(
            label=label, to=draw(texts), base=draw(texts), held_back=draw(st.sampled_from([part, None]))
        )
    return found


locks = st.builds(
    Lock,
    environment=texts,
    hld=st.builds(LockedHld, ref=texts, path=texts, commit=texts),
    configs=st.lists(texts, max_size=3).map(tuple),
    engine=texts,
    helm=texts,
    components=st.dictionaries(
        paths,
        st.builds(
            LockedComponent,
            label=texts,
            kind=texts,
            provenance=st.builds(Provenance, ref=texts, revision=texts, path=texts),
            resources=st.lists(texts, max_size=2).map(tuple),
            subtree=texts,
            source_digest=texts,
        ),
        max_size=3,
    ),
    request=texts,
    subtrees=st.dictionaries(
        texts,
        st.builds(LockedSubtree, answers=st.dictionaries(sources, texts, max_size=2)),
        max_size=3,
    ),
    pins=pins(),
)


@given(locks)
def test_what_is_written_is_read_again(lock: Lock) -> None:
    assert parse_lock(dumps(lock), WHERE) == lock
    assert dumps(parse_lock(dumps(lock), WHERE)) == dumps(lock)


def test_whole_lock_is_read_again() -> None:
    assert parse_lock(dumps(LOCK), WHERE) == LOCK
    assert LOCK.files == {"cat/cat.yaml": "8ab686ea"}


def test_unknown_keys_are_ignored() -> None:
    content = json.loads(dumps(LOCK)) | {"since": "1.1"}
    lock = parse_lock(json.dumps(content).encode(), WHERE)
    assert (lock.hld, lock.files) == (LOCK.hld, LOCK.files)


@pytest.mark.parametrize("key", ["components", "units", "hld", "configs"])
def test_a_lock_that_somebody_edited_lets_nothing_be_kept(key: str) -> None:
    content = json.loads(dumps(LOCK))
    del content[key]
    edited = parse_lock(json.dumps(content).encode(), WHERE)
    assert (edited.request, edited.subtrees) == ("", {})
    assert not any(part.input_digest for part in edited.components.values())
    assert edited.environment == "dev"


@pytest.mark.parametrize("checksum", ["", "sha256:0"])
def test_an_edited_lock_is_not_trusted_nor_what_is_written_by_it(checksum: str) -> None:
    content = json.loads(dumps(LOCK)) | {"checksum": checksum}
    edited = parse_lock(json.dumps(content).encode(), WHERE)
    assert parse_lock(dumps(LOCK), WHERE).is_trusted
    assert not edited.is_trusted
    assert not parse_lock(dumps(edited), WHERE).is_trusted


def test_a_lock_of_an_older_format_is_nobodys_fault() -> None:
    content = json.loads(dumps(LOCK)) | {"format": 2}
    assert parse_lock(json.dumps(content).encode(), WHERE).is_trusted


def test_a_lock_of_format_1_says_what_is_ours() -> None:
    content = {"format": 1, "components": {"a.yaml": {"label": "a", "files": {"a.yaml": "sha256:2"}}}}
    lock = parse_lock(json.dumps(content).encode(), WHERE)
    assert lock.files == {"a.yaml": "sha256:2"}
    assert (lock.request, lock.subtrees) == ("", {})


@pytest.mark.parametrize("number", [1, 2])
def test_a_lock_of_an_older_format_names_our_files_but_lets_nothing_be_kept(number: int) -> None:
    content = json.loads(dumps(LOCK))
    content["format"] = number
    content["checksum"] = digest_fields(
        {"lock": {key: value for key, value in content.items() if key != "checksum"}}
    )
    old = parse_lock(json.dumps(content).encode(), WHERE)
    assert old.files == LOCK.files
    assert (old.request, old.subtrees, old.components["cat/cat.yaml"].input_digest) == ("", {}, "")


def test_a_lock_of_format_2_has_no_pins() -> None:
    content = json.loads(dumps(LOCK)) | {"format": 2}
    del content["pins"]
    lock = parse_lock(json.dumps(content).encode(), WHERE)
    assert (lock.files, lock.pins) == (LOCK.files, {})


def test_an_edited_lock_still_says_what_is_pinned() -> None:
    content = json.loads(dumps(LOCK)) | {"environment": "stage"}
    lock = parse_lock(json.dumps(content).encode(), WHERE)
    assert lock.pins == LOCK.pins


def test_runs_before_and_after_a_rollback_are_not_alike() -> None:
    moved = {path: replace(pin, held_back=None) for path, pin in LOCK.pins.items()}
    assert is_alike(replace(LOCK, pins=moved), LOCK)
    assert not is_alike(replace(LOCK, pins={}), LOCK)


def test_newer_format_names_itself_and_the_remedy() -> None:
    with pytest.raises(NewerLockError, match=r"format 4.*up to 3.*use that version") as caught:
        parse_lock(b'{"format": 4, "components": "of another form"}', WHERE)
    assert caught.value.where == WHERE


DAMAGED = {
    "empty": b"",
    "conflict markers": b"<<<<<<< HEAD\n{}\n",
    "cut": dumps(LOCK)[:100],
    "not UTF-8": b'{"format": 1, "environment": "\xff"}',
    "no object": b"[]",
    "no format": b"{}",
    "format is a boolean": b'{"format": true}',
    "format is zero": b'{"format": 0}',
    "deep": b"[" * 200_000,
    "huge number": b'{"format": ' + b"1" * 10_000 + b"}",
    "key twice": b'{"format": 1, "format": 1}',
    "environment is a number": b'{"format": 1, "environment": 1}',
    "configs is a text": b'{"format": 1, "configs": "dev"}',
    "configs has a number": b'{"format": 1, "configs": [1]}',
    "components is a list": b'{"format": 1, "components": []}',
    "component is null": b'{"format": 1, "components": {"a.yaml": null}}',
    "files is a list": b'{"format": 1, "components": {"a.yaml": {"files": ["a.yaml"]}}}',
    "units is a list": b'{"format": 2, "units": []}',
    "sources is a map": b'{"format": 2, "units": {"a": {"sources": {}}}}',
    "source is a text": b'{"format": 2, "units": {"a": {"sources": ["git"]}}}',
    "resource is a number": b'{"format": 2, "components": {"a.yaml": {"resources": [1]}}}',
    "pins is a list": b'{"format": 3, "pins": []}',
    "pin outside": b'{"format": 3, "pins": {"../a.yaml": {}}}',
    "pin of a workflow": b'{"format": 3, "pins": {".github/workflows/a.yaml": {}}}',
    "pin of another file": b'{"format": 3, "pins": {"a.yaml": {"held-back": {"files": {"b.yaml": "1"}}}}}',
    "held-back is a text": b'{"format": 3, "pins": {"a.yaml": {"held-back": "a"}}}',
    "digest is a number": b'{"format": 1, "components": {"a.yaml": {"files": {"a.yaml": 1}}}}',
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED.keys())
def test_damage_names_the_file_and_the_way_out(data: bytes) -> None:
    with pytest.raises(PublishError, match="damaged") as caught:
        parse_lock(data, WHERE)
    assert str(caught.value).startswith("clusters/west/promotion.lock:")
    assert "adopt: true" in caught.value.fix
    assert not isinstance(caught.value, NewerLockError)


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (b'{\n<<<<<<< HEAD\n"format": 3\n=======\n', ":2", "a merge left its conflict markers in it"),
        (b"{\n  nothing\n}\n", ":2:3", "it isn't JSON from here on"),
        (b"", ":1:1", "it is empty"),
        (b'{\n"format": "\xff"}', ":2", "it isn't UTF-8 text"),
        (b'{"format": 3, "format": 3}', "", "the key 'format' occurs twice, as after a merge"),
        (b"[" * 100_000, "", "it is nested too deeply"),
        (b'{"format": 1' + b"0" * 5000 + b"}", "", "it isn't JSON"),
    ],
)
def test_damage_names_the_line_in_words_for_its_reader(data: bytes, place: str, reason: str) -> None:
    with pytest.raises(PublishError) as caught:
        parse_lock(data, WHERE)
    assert str(caught.value).startswith(
        f"clusters/west/promotion.lock{place}: the lock file is damaged: {reason}. Restore"
    )


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/cron.yaml",
        "../west/cat.yaml",
        "a/../../b.yaml",
        "./a.yaml",
        "a//b.yaml",
        "a/",
        ".git/config.yaml",
        "a/.GIT/b.yaml",
        "git~1/b.yaml",
        ".g\u200cit/b.yaml",
        "a\\b.yaml",
        "a\u0000.yaml",
        "\ud800.yaml",
        "README.md",
        "promotion.lock",
        ".github/workflows/ci.yml",
        "a" * 300 + ".yaml",
    ],
)
def test_lock_can_only_claim_manifests_below_its_folder(path: str) -> None:
    content = {"format": 1, "components": {"x": {"files": {path: "sha256:0"}}}}
    with pytest.raises(PublishError, match="it claims the file"):
        parse_lock(json.dumps(content).encode(), WHERE)


def test_two_components_cannot_claim_one_file() -> None:
    files = {"files": {"a.yaml": "sha256:0"}}
    content = {"format": 1, "components": {"a.yaml": files, "b.yaml": files}}
    with pytest.raises(PublishError, match=r"'a\.yaml' and 'b\.yaml' both claim"):
        parse_lock(json.dumps(content).encode(), WHERE)


def test_the_lock_of_a_branch_is_in_the_folder_of_its_manifests() -> None:
    where = locate_lock("./clusters/west/", "https://github.com/acme/manifests")
    assert str(where) == "clusters/west/promotion.lock in https://github.com/acme/manifests"
    assert read_lock({where.file: dumps(LOCK), "promotion.lock": b"another's"}.get, where) == LOCK
    assert read_lock({"promotion.lock": b"another's"}.get, where) is None
    with pytest.raises(PublishError, match="damaged"):
        read_lock({where.file: b""}.get, where)


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["format", "components", "files", "hld", "configs", "versions", "a.yaml"]),
                inner,
            )
        ),
    ).map(lambda content: json.dumps(content).encode())
)
def test_any_input_gives_a_lock_or_our_own_error(data: bytes) -> None:
    try:
        parse_lock(data, WHERE)
    except PublishError as error:
        assert error.where is not None
        assert error.where.file == WHERE.file
