"""What is left to do after `promotion init`, for which it lacks the rights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from promotion.core.setup.inputs import SetupRequest

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def list_next_steps(request: SetupRequest, secrets: Sequence[str]) -> Iterator[str]:
    """Sentences, in the order in which to do them.

    Args:
        secrets: those that the workflows read.
    """
    for name in secrets:
        yield f"Store the secret {name}: a token that {_describe(name, request)}."
    if request.kind != "manifests" and not _COMMIT.fullmatch(request.version):
        yield (
            f"Pin the action, if @{request.version} may move: by the commit of a release's tag. "
            "Other commits have each job build the image."
        )
    branches = ", ".join(request.branches)
    if request.kind == "manifests":
        yield "Commit and push the README. The environments' branches are made by the first runs."
        yield "Apply the Flux or Argo CD part of the README in each cluster, with its branch."
    else:
        yield f"Commit and push the files on the default branch and on {branches}."
        if len(request.branches) > 1:
            repository = request.hld if request.kind == "hld" else "OWNER/NAME"
            yield f"Protect the branches: promotion guard audit --repository {repository} --apply"
    if "clusters" in request.optional:
        yield "Name the clusters in .github/promotion-clusters.yml (docs/matrix.md)."
    yield (
        f"See what is missing: promotion doctor --hld {request.hld} --manifests {request.manifests} "
        f"--environments {','.join(request.pairs)}"
    )


def _describe(name: str, request: SetupRequest) -> str:
    """What the token in a secret of the published workflows may do."""
    promotes = "promote" in request.optional
    pulls = " and open pull requests here (pull-requests: write)" if promotes else ""
    sources = "the HLD and application repositories (contents: read)"
    if name == "PROMOTION_TOKEN" and "notify" in request.optional:
        # `after` asks how long an environment has been published.
        health = ", see the deployments of this repository (deployments: read)" if promotes else ""
        return f"may read this repository and {request.manifests} (contents: read){health}{pulls}, no more"
    # The HLD's workflow answers the applications that notify it; to record is to read, too.
    rights = "deployments: write" + (", statuses: write" if request.kind == "hld" else "")
    known = {
        "PROMOTION_TOKEN": f"may write {request.manifests} (contents: write), read {sources}, record there "
        f"what becomes of a change ({rights}){pulls}",
        "PROMOTION_READ_TOKEN": f"may read {sources}, no more",
        "NOTIFY_TOKEN": f"may write {request.hld} (contents: write), no more",
    }
    return known.get(name, "is described in the workflow that names it")
