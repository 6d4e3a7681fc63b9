"""What is left to do after `promotion init`, for which it lacks the rights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promotion.core.setup.inputs import SetupRequest

# What the secrets of the published workflows are for.
_SECRETS = {
    "PROMOTION_TOKEN": "may write {manifests} (contents: write) and read the HLD and application "
    "repositories (contents: read)",
    "PROMOTION_READ_TOKEN": "may read the HLD and application repositories (contents: read), no more",
    "NOTIFY_TOKEN": "may write {hld} (contents: write), no more",
}


def list_next_steps(request: SetupRequest, secrets: Sequence[str]) -> Iterator[str]:
    """Sentences, in the order in which to do them.

    Args:
        secrets: those that the workflows read.
    """
    for name in secrets:
        about = _SECRETS.get(name, "is described in the workflow that names it")
        about = about.format(hld=request.hld, manifests=request.manifests)
        yield f"Store the secret {name}: a token that {about}."
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
