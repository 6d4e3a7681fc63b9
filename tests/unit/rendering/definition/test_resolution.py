"""From a definition to a plan: what is fetched, with which token, and which jobs come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pytest
from pytest import MonkeyPatch

from promotion.errors import AccessError, DefinitionError, Location, SourceError
from promotion.rendering.definition import source_paths
from promotion.rendering.definition.render_plan import RenderPlan
from promotion.rendering.definition.resolution import resolve_definition
from promotion.rendering.model import Definition, Folder, Provenance, Snapshot
from promotion.rendering.sources import source_kinds
from promotion.rendering.sources.credential_reach import Reach
from promotion.rendering.sources.local_source import LocalSource
from promotion.rendering.sources.source_interface import Source, SourceKind
from support.definitions import MemoryFetcher, MemorySnapshot

ROOT = LocalSource()
ACCOUNT = "kind: ServiceAccount\n"


def plan(
    files: Mapping[str, str] | str,
    fetcher: MemoryFetcher | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    workers: int = 4,
    subtree: str = "",
) -> RenderPlan:
    files = {"component.yaml": files} if isinstance(files, str) else files
    return resolve_definition(
        Folder(ROOT),
        MemorySnapshot(files, revision="commit of the HLD"),
        ["prod"],
        fetcher=fetcher or MemoryFetcher(),
        environment=environment or {},
        workers=workers,
        subtree=subtree,
    )


def entries(*entries: str) -> str:
    return "name: cluster\nsubcomponents:\n" + "".join(f"- {{{entry}}}\n" for entry in entries)


class TestRemarks:
    """An error carries what was noticed before, for it may be the reason."""

    MEANT = "did you mean `source`?"

    def test_of_an_entry_that_leads_in_a_circle(self) -> None:
        with pytest.raises(DefinitionError, match="circle") as caught:
            plan(entries("name: cart, souce: ./cart"))
        assert [remark for remark in map(str, caught.value.remarks) if self.MEANT in remark]

    def test_where_a_source_cannot_be_had(self) -> None:
        with pytest.raises(SourceError) as caught:
            plan(entries("name: a, method: git, source: 'https://git.test/none', brnach: x"))
        assert [remark for remark in map(str, caught.value.remarks) if "did you mean `branch`?" in remark]

    def test_where_a_folder_is_missing(self) -> None:
        with pytest.raises(DefinitionError, match="doesn't exist") as caught:
            plan("{name: x, type: static, path: m, brnach: x}")
        assert [remark for remark in map(str, caught.value.remarks) if "did you mean `branch`?" in remark]


class TestFetching:
    STACKS: ClassVar[Any] = {
        "https://git.test/a": {
            "component.yaml": entries(
                "name: b, method: git, source: 'https://git.test/b', branch: dev, path: hld"
            )
        },
        "https://git.test/b@dev": {
            "hld/component.yaml": "{name: b, generator: static, path: m}",
            "hld/m/a.yaml": ACCOUNT,
        },
    }
    CLUSTER = entries(
        "name: one, method: git, source: 'https://git.test/a'",
        "name: two, method: git, source: 'https://git.test/a'",
        "name: three, method: git, source: 'https://git.test/b', branch: dev, path: hld",
    )

    @pytest.mark.parametrize("workers", [1, 4])
    def test_each_source_is_fetched_once_round_by_round(self, workers: int) -> None:
        fetcher = MemoryFetcher(git=self.STACKS)
        found = plan(self.CLUSTER, fetcher, workers=workers)
        assert sorted(fetcher.asked) == [
            ("https://git.test/a", ""),
            ("https://git.test/b@dev", ""),
            ("https://git.test/b@dev", ""),  # with our credential and without: a part gets no other's answer
        ]
        assert [job.component.manifest_path for job in found.jobs] == [
            "one/b/b.yaml",
            "two/b/b.yaml",
            "three/b.yaml",
        ]

    def test_the_first_source_in_tree_order_that_fails_is_the_error(self) -> None:
        for _ in range(5):
            with pytest.raises(SourceError, match=r"git\.test/one") as caught:
                plan(
                    entries(
                        *(
                            f"name: {n}, method: git, source: 'https://git.test/{n}'"
                            for n in ("one", "two", "six")
                        )
                    )
                )
            assert caught.value.component == "one"
            assert str(caught.value.where) == "component.yaml:3:3"

    def test_charts_and_manifests_are_fetched_too(self) -> None:
        fetcher = MemoryFetcher(
            charts=["https://charts.test/redis 1.x"], web={"https://files.test/crds.yaml": "a: b"}
        )
        found = plan(
            entries(
                "name: a, type: helm, method: helm, source: 'https://charts.test', path: redis, version: 1.x",
                "name: crds, generator: static, method: http, source: 'https://files.test/crds.yaml'",
            ),
            fetcher,
        )
        cache, crds = found.jobs
        assert cache.chart is not None
        assert cache.trace(ROOT) == Provenance(
            "https://charts.test/redis", "1.x", "1.2.3 digest of https://charts.test/redis 1.x"
        )
        assert [file.data for file in crds.files] == [b"a: b"]
        assert crds.trace(ROOT) == Provenance("https://files.test/crds.yaml", "", crds.digest)

    def test_with_a_version_the_branch_must_be_there_as_well(self) -> None:
        fetcher = MemoryFetcher(git={"https://git.test/a@v1": {"component.yaml": "name: a"}})
        with pytest.raises(SourceError, match="a@gone"):
            plan(
                entries("name: a, method: git, source: 'https://git.test/a', version: v1, branch: gone"),
                fetcher,
            )

    def test_a_local_chart_is_prepared_once_however_many_use_it(self) -> None:
        fetcher = MemoryFetcher()
        files = {
            "component.yaml": entries(
                "name: a, generator: helm, path: chart", "name: b, type: helm, path: ./chart/"
            ),
            "chart/Chart.yaml": "name: chart",
        }
        assert len(plan(files, fetcher).jobs) == 2
        assert fetcher.asked == [("chart in chart", "")]


@dataclass(frozen=True, kw_only=True)
class ArchiveSource(SourceKind[Snapshot]):
    """A packed folder at a web address, which is no kind of source today."""

    METHOD: ClassVar[str] = "archive"
    TYPES: ClassVar[tuple[str, ...]] = ("component", "helm", "static")

    url: str
    reach: Reach = Reach.OWN

    @classmethod
    def from_definition(cls, definition: Definition, _copy: str, reach: Reach = Reach.OWN) -> Self:
        return cls(url=definition.source, reach=reach)

    @property
    def address(self) -> str:
        return self.url

    def trace(self, revision: str, path: str) -> Provenance:
        return Provenance(self.url, "", revision, path)

    def dump(self) -> dict[str, str]:
        return {"archive": self.url}

    @classmethod
    def load(cls, text: Callable[[str], str], /) -> Self | None:
        return cls(url=text("archive")) if text("archive") else None


class ArchiveFetcher(MemoryFetcher):
    def fetch(self, source: Source, *, token: str) -> Any:
        if not isinstance(source, ArchiveSource):
            return super().fetch(source, token=token)
        files = {
            "component.yaml": "name: cat\ntype: static\npath: m",
            "m/a.yaml": ACCOUNT,
            "c/Chart.yaml": "",
        }
        return MemorySnapshot(files, revision=f"digest of {source}")


def test_a_new_kind_of_source_is_its_class_its_row_and_what_fetches_it(monkeypatch: MonkeyPatch) -> None:
    kinds = (*source_kinds.KINDS, ArchiveSource)
    for module in (source_kinds, source_paths):
        monkeypatch.setattr(module, "KINDS", kinds)
    monkeypatch.setattr(source_paths, "METHODS", ("git", "helm", "http", "archive", "local"))
    address = "https://files.test/cat.tgz"
    found = plan(
        entries(
            f"name: cat, method: archive, source: '{address}'",
            f"name: mouse, type: static, method: archive, source: '{address}', path: m",
            f"name: redis, type: helm, method: archive, source: '{address}', path: c",
        ),
        ArchiveFetcher(),
        subtree="root",
    )
    source, revision = ArchiveSource(url=address), f"digest of {address}"
    assert [job.trace(ROOT) for job in found.jobs] == [
        Provenance(address, "", revision, path) for path in ("m", "m", "c")
    ]
    asked = {
        source: answer for subtree in found.subtrees.values() for source, answer in subtree.answers.items()
    }
    assert asked[source] == revision
    written = source_kinds.dump_source(source)
    assert source_kinds.load_source(lambda key: written.get(key, "")) == source

    with pytest.raises(DefinitionError, match="Add `method: git` or `method: archive`"):
        plan(entries(f"name: cat, source: '{address}'"))
    with pytest.raises(DefinitionError, match="Use git, helm, http, archive or local"):
        plan(entries(f"name: cat, method: archiv, source: '{address}'"))


class TestAccess:
    FILES: ClassVar[Any] = {
        "component.yaml": entries(
            "name: cat, method: git, source: 'https://git.test/cat'", "name: dog, source: ./dog"
        ),
        "dog/component.yaml": "name: dog",
        "access.yaml": "https://git.test/cat: CAT_TOKEN",
    }
    CAT: ClassVar[Any] = {"https://git.test/cat": {"component.yaml": "name: cat"}}

    def test_the_variables_value_goes_to_its_very_source(self) -> None:
        fetcher = MemoryFetcher(git=self.CAT)
        plan(self.FILES, fetcher, environment={"CAT_TOKEN": "meow"})
        assert fetcher.asked == [("https://git.test/cat", "meow")]

    @pytest.mark.parametrize("environment", [{}, {"CAT_TOKEN": ""}])
    def test_an_unset_variable_stops_the_run_before_anything_is_fetched(
        self, environment: dict[str, str]
    ) -> None:
        fetcher = MemoryFetcher(git=self.CAT)
        with pytest.raises(AccessError, match=r"access\.yaml.*cat.*CAT_TOKEN.*https://git\.test/cat"):
            plan(self.FILES, fetcher, environment=environment)
        assert not fetcher.asked

    @pytest.mark.parametrize(
        "variable", ["INPUT_TOKEN", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "RUNNER_X", "input_token"]
    )
    def test_the_runners_own_variables_are_sent_to_nobody(self, variable: str) -> None:
        fetcher = MemoryFetcher(git=self.CAT)
        files = {**self.FILES, "access.yaml": f"https://git.test/cat: {variable}"}
        with pytest.raises(AccessError, match=variable) as caught:
            plan(files, fetcher, environment={variable: "secret-value"})
        assert "secret-value" not in str(caught.value)
        assert not fetcher.asked


class TestJobs:
    def test_files_of_the_definition_need_no_origin_and_those_of_a_repository_have_one(self) -> None:
        fetcher = MemoryFetcher(git={"https://git.test/x@v1": {"m/a.yaml": ACCOUNT}})
        files = {
            "component.yaml": entries(
                "name: own, generator: static, path: m",
                "name: a, type: static, path: m, method: git, source: 'https://u:p@git.test/x', version: v1",
            ),
            "m/a.yaml": ACCOUNT,
        }
        own, other = plan(files, fetcher).jobs
        assert own.trace(ROOT) == Provenance(path="m")
        commit = "commit of https://git.test/x@v1"
        assert other.trace(ROOT) == Provenance("https://git.test/x", "v1", commit, "m")
        assert own.digest == other.digest

    def test_static_files_are_the_manifests_that_are_not_hidden_in_byte_order(self) -> None:
        names = ["b.yaml", "a.yml", "C.json", ".hidden.yaml", "README.md", "é.yaml", ".git/config"]
        files = {f"m/{name}": "a: b" for name in names}
        (job,) = plan({"component.yaml": "{name: x, generator: static, path: m}", **files}).jobs
        assert [file.where.file for file in job.files] == ["m/C.json", "m/a.yml", "m/b.yaml", "m/é.yaml"]

    def test_each_file_that_is_left_out_is_told(self) -> None:
        files = {
            "a.yaml": ACCOUNT,
            "b": "x: 1",
            "b.yaml.txt": "x",
            ".c.yaml": "x: 1",
            ".gitkeep": "",
            "d": "# x",
        }
        found = plan(
            {
                "component.yaml": "{name: x, generator: static, path: m}",
                "config/prod.yaml": "",
                **{f"m/{name}": text for name, text in files.items()},
            }
        )
        told = {str(remark) for remark in found.remarks}
        ending = "its name doesn't end in .yaml, .yml or .json"
        assert told == {
            "component x: the file m/.c.yaml is left out of the manifest: its name begins with a dot",
            f"component x: the file m/b is left out of the manifest: {ending}",
            f"component x: the file m/b.yaml.txt is left out of the manifest: {ending}",
        }

    def test_many_files_that_are_left_out_are_counted(self) -> None:
        files = {f"m/{number:02}.txt": "x" for number in range(23)}
        found = plan(
            {"component.yaml": "{name: x, generator: static, path: m}", "config/prod.yaml": "", **files}
        )
        assert len(found.remarks) == 21
        assert str(found.remarks[-1]) == "component x: … and 3 more files of this folder"

    @pytest.mark.parametrize("name", ["a", "a.yaml.txt", ".a.yaml", "a.yaml.bak"])
    def test_a_resource_is_never_left_out(self, name: str) -> None:
        files = {"component.yaml": "{name: x, generator: static, path: m}", f"m/{name}": f"---\n{ACCOUNT}"}
        with pytest.raises(DefinitionError, match="holds a resource and would be left out") as caught:
            plan(files)
        assert (caught.value.where, caught.value.component) == (Location(f"m/{name}", 2), "x")

    @pytest.mark.parametrize(
        ("name", "fate"),
        [
            ("kustomization.yaml", "it becomes part of the manifest, which no cluster takes then"),
            ("Kustomization", "it is left out"),
        ],
    )
    def test_instructions_for_kustomize_are_told(self, name: str, fate: str) -> None:
        instructions = "kind: Kustomization\nresources: [a.yaml]\n"
        files = {"m/a.yaml": ACCOUNT, f"m/{name}": instructions, "config/prod.yaml": ""}
        found = plan({"component.yaml": "{name: x, generator: static, path: m}", **files})
        what = f"component x: the file m/{name} is for kustomize, which nothing runs here: {fate}"
        assert [str(remark) for remark in found.remarks] == [what]

    def test_a_components_own_files_are_no_manifests(self) -> None:
        files = {
            "component.yaml": "{name: x, generator: static, path: .}",
            "access.yaml": "{}",
            "account.yaml": ACCOUNT,
        }
        (job,) = plan(files).jobs
        assert [file.where.file for file in job.files] == ["account.yaml"]

    @pytest.mark.parametrize(
        ("files", "words"),
        [
            ({}, "component x: the folder m doesn't exist"),
            ({"m": "a: b"}, "component x: the folder m is a file"),
            ({"m/more/a.yaml": "a: b"}, "component x: the folder m/more is inside"),
        ],
    )
    def test_a_folder_of_manifests_that_is_not_as_it_should_be(
        self, files: dict[str, str], words: str
    ) -> None:
        with pytest.raises(DefinitionError, match=words):
            plan({"component.yaml": "{name: x, generator: static, path: m}", **files})

    def test_a_chart_whose_folder_is_missing(self) -> None:
        with pytest.raises(DefinitionError, match="component x: the folder charts/x doesn't exist"):
            plan("{name: x, generator: helm, path: charts/x}")

    def test_the_tree_holds_components_without_a_manifest_too(self) -> None:
        found = plan({"component.yaml": entries("name: a, source: ./a"), "a/component.yaml": "name: a"})
        assert [item.component.label for item in found.tree] == ["cluster", "a"]
        assert not found.jobs
