"""The ownership file that a definition begins with: it allows everything, and says how to allow less."""

from __future__ import annotations

from promotion.commands.init.inputs import SetupRequest

_TEMPLATE = """\
{schema}

# What each part of this definition may make in the cluster. A part is an entry of the component files in this
# repository, by its name; what isn't allowed here isn't published. The keys: docs/teams.md of the action.
#
# The narrowest file for what there is today:
#   promotion ownership propose --environment dev --hld-repository {hld}
#
# cat-application:
#   namespaces: [cats, "cats-*"]
#   kinds: [apps/*, batch/*, Service, ConfigMap, Ingress.networking.k8s.io]   # left out: the safe kinds
#   cluster-scoped: [ClusterRole/cat-*]                                       # left out: none
#   hosts: [cats.example.com]                                                 # left out: any
#   images: ["ghcr.io/acme/cat-*"]                                            # left out: any
#
# Each part in the namespace of its own name, if no other entry is for it:
# "*": {{namespaces: ["{{part}}"]}}

"*": any
"""


def ownership_file(request: SetupRequest) -> str:
    """Return the file for a definition's repository."""
    return _TEMPLATE.format(hld=request.hld, schema=request.name_schema("promotion-ownership"))
