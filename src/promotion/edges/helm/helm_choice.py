"""Which Helm renders."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from promotion.common.phrases import say
from promotion.edges.child_process import ProcessRunner
from promotion.edges.helm.embedded_helm import EmbeddedHelm
from promotion.errors import PromotionError, RenderError
from promotion.rendering.definition.part_times import ENDLESS, PartTimes

if TYPE_CHECKING:
    from promotion.edges.helm.helm_program import ProgramHelm
    from promotion.edges.kubernetes_schemas import SchemaStore

_NAME_ONE = say(
    "Set {helm} to a program's path, or to the https address of a release of Helm 4 with `#sha256=<digest>`; "
    "the image has none. Without {helm} the Helm that is built in renders."
)


def choose(
    *,
    program: str,
    kube_version: str,
    api_versions: Sequence[str],
    commands: ProcessRunner,
    scratch: Path,
    schemas: SchemaStore | None = None,
    include_crds: bool = False,
    skip_tests: bool = False,
    warn: Callable[[str], None] = lambda _: None,
    times: PartTimes = ENDLESS,
) -> EmbeddedHelm | ProgramHelm:
    """Return the Helm that the input `helm` asks for.

    Args:
        program: empty or `embedded` for Helm's code in processes of ours; `program` for the `helm` on PATH;
            or a path.
        kube_version: the Kubernetes version that charts see; empty for the default, the same for both.
        api_versions: more API versions that charts see.
        commands: starts the program.
        scratch: a folder for Helm's caches and credentials.
        schemas: knows which API versions that Kubernetes version has; without it charts see all that Helm
            knows, which they do, too, if no version is asked for.
        include_crds: whether the files in charts' folders `crds/` are printed, too.
        skip_tests: whether Helm's tests are left out.
        warn: takes Helm's warnings, one line each.
        times: what parts of a definition have, each for all of its charts.

    Raises:
        PromotionError: the program isn't there.
        RenderError: it isn't Helm; or this platform has no embedded Helm, and PATH no program either.
    """
    cluster_apis: tuple[str, ...] = ()
    if schemas and kube_version:
        from promotion.rendering.charts.api_versions import doubt_api_versions, list_api_versions

        cluster_apis = list_api_versions(kube_version, schemas.versions, schemas.history)
        if doubt := doubt_api_versions(kube_version, schemas.versions):
            warn(doubt)

    options: _Options = {
        "commands": commands,
        "scratch": scratch,
        "kube_version": kube_version,
        "api_versions": api_versions,
        "cluster_apis": cluster_apis,
        "include_crds": include_crds,
        "skip_tests": skip_tests,
        "warn": warn,
        "times": times,
    }
    return _open(program, options)


class _Options(TypedDict):
    """What both kinds of Helm are made with."""

    commands: ProcessRunner
    scratch: Path
    kube_version: str
    api_versions: Sequence[str]
    cluster_apis: Sequence[str]
    include_crds: bool
    skip_tests: bool
    warn: Callable[[str], None]
    times: PartTimes


def _open(program: str, options: _Options) -> EmbeddedHelm | ProgramHelm:
    if program in ("", "embedded") and importlib.util.find_spec("helm_python"):
        return EmbeddedHelm(**options)
    from promotion.edges.helm.helm_program import ProgramHelm

    if program not in ("", "embedded"):
        try:
            return ProgramHelm(program="helm" if program == "program" else program, **options)
        except RenderError:  # it isn't Helm
            raise
        except PromotionError as error:
            fix = _NAME_ONE if program == "program" else error.fix
            raise PromotionError(say("{helm}: {}", error.what), fix=fix) from None
    try:
        return ProgramHelm(program="helm", **options)
    except PromotionError as error:
        raise RenderError(
            "there is no embedded Helm for this platform, and no helm program on PATH",
            fix=say("Install Helm 4, or set {helm} to its path."),
        ) from error
