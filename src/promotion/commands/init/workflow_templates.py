"""The workflows of a repository: the published examples with the names of this estate.

The examples are complete workflows for `acme` with dev, stage and prod. Everything in them that is a name of
that estate is known here; tests hold that none is left over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from promotion.commands.init.inputs import Kind, SetupRequest
from promotion.common.git_ids import is_commit

_HEADER = re.compile(r"\A(?:#[^\n]*\n)+")
_USES = re.compile(r"(?m)^(?P<indent> *)uses: acme/gitops-promotion(?P<folder>(?:/[\w-]+)?)@v1$")
_OWN_BRANCH = {"": "github.ref_name", "preview": "github.base_ref"}
# What YAML 1.1 or 1.2 takes for a text as it is.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/=, -]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_DEFAULT = ("dev", "stage", "prod")
_ORIGINAL_MAP = json.dumps({f"refs/heads/{name}": name for name in _DEFAULT[1:]}, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A workflow: its file's name, the example that it is based on, and the repositories that get it.

    `option` is the input that asks for it, empty for those that everybody gets. `promotes` says that it makes
    no sense with one environment, `one_cluster` that it makes none with several clusters.
    """

    name: str
    example: str
    kinds: tuple[Kind, ...]
    option: str = ""
    promotes: bool = False
    one_cluster: bool = False


WORKFLOWS: tuple[Workflow, ...] = (
    Workflow(name="promotion.yml", example="application.yml", kinds=("application",)),
    Workflow(name="promotion.yml", example="cluster-hld.yml", kinds=("hld",)),
    Workflow(name="promotion.yml", example="application-notify.yml", kinds=("application",), option="notify"),
    Workflow(name="promotion.yml", example="clusters.yml", kinds=("hld",), option="clusters"),
    Workflow(name="rollback.yml", example="rollback.yml", kinds=("hld",), one_cluster=True),
    Workflow(name="status.yml", example="status.yml", kinds=("hld",), one_cluster=True),
    Workflow(name="promotion-by-hand.yml", example="manual.yml", kinds=("hld",), one_cluster=True),
    Workflow(name="guard.yml", example="guard.yml", kinds=("application", "hld"), promotes=True),
    Workflow(name="preview.yml", example="preview.yml", kinds=("application", "hld"), option="preview"),
    Workflow(
        name="promote.yml",
        example="promote.yml",
        kinds=("application", "hld"),
        option="promote",
        promotes=True,
    ),
)

# The folders of the actions that have the input `environments`.
TAKE_ENVIRONMENTS = frozenset({"", "matrix", "notify", "preview", "promote", "status"})


def choose(request: SetupRequest) -> dict[str, str]:
    """Return a repository's workflows: file name → example. Of two with one name, the later counts."""
    return {
        workflow.name: workflow.example
        for workflow in WORKFLOWS
        if request.kind in workflow.kinds
        and (not workflow.option or workflow.option in request.optional)
        and (not workflow.promotes or len(request.branches) > 1)
        and not (workflow.one_cluster and "clusters" in request.optional)
    }


def adapt(example: str, request: SetupRequest) -> str:
    """Return an example with the names of an estate."""
    text = _HEADER.sub("", example)
    text = _USES.sub(lambda match: _use(match, request), text)
    text = _name_environments(text, request)
    text = text.replace("acme/cluster-hld", request.hld).replace("acme/cluster-manifests", request.manifests)
    about = f"{request.server_url}/{request.action}"
    return f"# Written by `promotion init`; it is yours to change. {about}\n{text}"


def list_secrets(workflows: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets that workflows read, in order."""
    found = {name for text in workflows.values() for name in re.findall(r"\bsecrets\.([A-Z0-9_]+)", text)}
    return tuple(sorted(found))


def rules_file(request: SetupRequest) -> str:
    """Return the promotion rules: each environment's branch takes changes from the one before it."""
    branches = request.branches
    lines = [f"{target}: {source}" for source, target in pairwise(branches)]
    about = "# Which branch may be promoted to which. The guard reads it from the branch before the change."
    return "\n".join([request.name_schema("promotion-rules"), about, *lines, ""])


def _use(match: re.Match[str], request: SetupRequest) -> str:
    indent, folder = match["indent"], match["folder"].strip("/")
    line = f"{indent}uses: {request.action}{match['folder']}@{request.version}"
    if folder not in TAKE_ENVIRONMENTS or request.branches == request.names == _DEFAULT:
        return line
    line += f"\n{indent}with:\n{indent}  environments: {_as_text(', '.join(request.pairs))}"
    # Else a branch of the HLD with the environment's name is looked for.
    if request.kind == "application" and folder in _OWN_BRANCH and request.branches != request.names:
        line += f"\n{indent}  hld-ref: ${{{{ {_OWN_BRANCH[folder]} }}}}"
    return line


def _name_environments(text: str, request: SetupRequest) -> str:
    branches, names = request.branches, request.names
    replaced = {
        "branches: [dev, stage, prod]": f"branches: {_listed(branches)}",
        "branches: [stage, prod]": f"branches: {_listed(branches[1:])}",
        "options: [dev, stage, prod]": f"options: {_listed(names)}",
        "options: [stage, prod]": f"options: {_listed(names[1:])}",
        '["stage", "prod"]': json.dumps(names[1:]),
        "'prod'": f"'{names[-1]}'",
        _escaped(_ORIGINAL_MAP): _escaped(
            json.dumps({f"refs/heads/{name}": name for name in branches[1:]}, separators=(",", ":"))
        ),
    }
    for old, new in replaced.items():
        text = text.replace(old, new)
    # Where the step has inputs of its own, `with:` is there already.
    return re.sub(r"(?m)^( *)(with:\n +environments: .*(?:\n +hld-ref: .*)?)\n\1with:\n", r"\1\2\n", text)


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_as_text, names))}]"


def _as_text(name: str) -> str:
    """Return a name as YAML that stays a text: a branch may be called `1.10`, `on` or `null`."""
    is_plain = _PLAIN.fullmatch(name) and name.lower() not in _WORDS
    return name if is_plain else json.dumps(name)


def _escaped(text: str) -> str:
    """Escape a text for YAML's double quotes."""
    return text.replace('"', '\\"')


def list_next_steps(request: SetupRequest, secrets: Sequence[str]) -> Iterator[str]:
    """Yield sentences on what to do next, in that order.

    Args:
        secrets: those that the workflows read.
    """
    for name in secrets:
        yield f"Store the secret {name}: a token that {_describe(name, request)}."
    if request.kind != "manifests" and not is_commit(request.version):
        yield (
            f"Pin the action, if @{request.version} may move: by the commit of a release's tag. "
            "Other commits have each job build the image."
        )
    branches = ", ".join(request.branches)
    application = request.application or "OWNER/NAME"
    if request.kind == "manifests":
        yield "Commit and push the README. The environments' branches are made by the first runs."
        yield "Apply the Flux or Argo CD part of the README in each cluster, with its branch."
    else:
        yield f"Commit and push the files on the default branch and on {branches}."
        if len(request.branches) > 1:
            repository = request.hld if request.kind == "hld" else application
            yield f"Protect the branches: promotion guard audit --repository {repository} --apply"
    if "clusters" in request.optional:
        yield "Name the clusters in .github/promotion-clusters.yml (docs/matrix.md)."
    looked_at = f"--application {application} " if request.kind == "application" else ""
    yield (
        f"See what is missing: promotion doctor --hld {request.hld} --manifests {request.manifests} "
        f"{looked_at}--environments {','.join(request.pairs)}"
    )


def _describe(name: str, request: SetupRequest) -> str:
    """Return what the token in a secret of the published workflows has to be allowed to do."""
    promotes = "promote" in request.optional
    pulls = " and open pull requests here (pull-requests: write)" if promotes else ""
    sources = "the HLD and application repositories (contents: read)"
    if name == "PROMOTION_TOKEN" and "notify" in request.optional:
        # `after` asks how long an environment has been published.
        health = ", see the deployments of this repository (deployments: read)" if promotes else ""
        return f"may read this repository and {request.manifests} (contents: read){health}{pulls}, no more"
    known = {
        "PROMOTION_TOKEN": f"may write {request.manifests} (contents: write), read {sources}, record there "
        f"what becomes of a change (deployments: write, statuses: write){pulls}",
        "PROMOTION_READ_TOKEN": f"may read {sources}, no more",
        "NOTIFY_TOKEN": f"may write {request.hld} (contents: write), no more",
    }
    return known.get(name, "is described in the workflow that names it")
