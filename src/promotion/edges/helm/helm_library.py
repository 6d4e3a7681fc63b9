"""Helm's own Go code in this process, by PyPI's helm-python-sdk: for `worker` alone."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from promotion.common.phrases import say
from promotion.edges.charts.additions import add_templates
from promotion.edges.charts.schema_files import refuse_quoted_pointers, seal
from promotion.errors import RenderError
from promotion.rendering.charts import chart_crds as crds
from promotion.rendering.charts import crd_hooks
from promotion.rendering.charts import release_manifest as rules
from promotion.rendering.charts.helm_refusals import missing_dependencies, refusal
from promotion.rendering.model import Release, Rendered

# API versions that Helm 4.3.1 knows by default, and the SDK's Helm 4.2.3 doesn't.
NEWER_APIS = ("lifecycle.k8s.io/v1alpha1", "scheduling.k8s.io/v1alpha3", "storagemigration.k8s.io/v1")

# A chart that asks Helm's own semver library whether a range takes the Kubernetes version.
_PROBE = {
    "Chart.yaml": "{apiVersion: v2, name: probe, version: 0.0.0}",
    "templates/version": "{{ .Capabilities.KubeVersion.Version }}",
    "templates/fits": "{{ semverCompare .Values.range .Capabilities.KubeVersion.String }}",
}


class HelmLibrary:
    """Renders charts without starting a process.

    A render reads the chart, and nothing of the user's home, environment or cluster. Warnings of the Go
    code go to the error stream of this process, and a chart can end the process: Go's stack and memory have
    ends that can't be caught.

    Args:
        scratch: an existing folder, for charts that need a change.
        kube_version: what charts see as `.Capabilities.KubeVersion`; empty for `KUBE_VERSION`.
        api_versions: more of `.Capabilities.APIVersions`.
        cluster_apis: what charts see there in place of all that Helm knows; empty for just that.
        include_crds: whether the files in folders `crds/` are printed, too.
        skip_tests: whether Helm's tests are left out.
        warn: takes each warning, one line.

    Raises:
        RenderError: the library doesn't work on this platform.
    """

    def __init__(
        self,
        *,
        scratch: Path,
        kube_version: str = "",
        api_versions: Sequence[str] = (),
        cluster_apis: Sequence[str] = (),
        include_crds: bool = False,
        skip_tests: bool = False,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._scratch = scratch
        self._kube_version = kube_version or rules.KUBE_VERSION
        self._shown = len(cluster_apis) + len(api_versions) if cluster_apis else 0
        self._api_versions = [*NEWER_APIS, *cluster_apis, *api_versions]
        self._include_crds, self._skip_tests = include_crds, skip_tests
        self._warn = warn
        try:
            import helm_python
        except Exception as error:  # its own class of error can't be imported either
            raise RenderError(
                f"the embedded Helm doesn't work on this platform: {error}",
                fix=say("Install Helm 4 and set {helm} to its path."),
            ) from error
        self._sdk: Any = helm_python

    @property
    def version(self) -> str:
        """The version of Helm's Go code, as `4.2.3`."""
        return str(self._sdk.helm_sdk_version()).removeprefix("v")

    def template(self, release: Release) -> str:
        """Return what `helm template` prints for a release; errors as of `render`."""
        return self.render(release).text

    def render(self, release: Release) -> Rendered:
        """Return what `helm template` prints for a release, and what it leaves out.

        Raises:
            RenderError: Helm refuses the chart or its values.
        """
        values = rules.values_text(release.values)
        with (
            seal(release, self._scratch, self._warn) as sealed,
            add_templates(sealed, self._scratch, shown=self._shown, values=values) as chart,
        ):
            rendered = self._render_chart(replace(release, chart=chart))
        refuse_quoted_pointers(release, rendered.text)
        return rendered

    def _render_chart(self, release: Release) -> Rendered:
        with self._refusing(release), self._sdk.Chart.load(release.chart) as chart:
            self._check(chart, release)
            root = chart.metadata["name"]
            rendered = self._render(chart, release.values, name=release.name, namespace=release.namespace)
        files = crds.read_files(rendered.pop(f"{root}/{crds.PATH}", ""))
        self._check_encoding(rendered, release)
        text = rules.manifest(rendered, self._parse, self._warn, skip_tests=self._skip_tests)
        text, hooks = crd_hooks.take_out(text)
        if self._include_crds:
            return Rendered(text=rules.put_first(crds.print_files(files) + hooks, text))
        return Rendered(text=text, left_out=crds.show_files(files) + hooks)

    @contextmanager
    def _refusing(self, release: Release) -> Iterator[None]:
        try:
            yield
        except self._sdk.HelmError as error:
            raise refusal(error.detail, str(release.chart)) from error

    def _check(self, chart: Any, release: Release) -> None:
        """Check what `helm template` checks before it renders, in its order (install.go, runInstall)."""
        metadata = chart.metadata
        if metadata.get("apiVersion", "v1") not in ("v1", "v2"):
            raise refusal("unsupported chart version")
        if metadata.get("type", "") not in ("", "application"):
            raise refusal(f"{metadata['type']} charts are not installable")
        if metadata.get("deprecated"):
            self._warn(f"chart {metadata['name']}: this chart is deprecated")
        present = {dependency["name"] for dependency in chart.dependencies}
        wanted = (dependency["name"] for dependency in metadata.get("dependencies") or ())
        missing = [name for name in wanted if name not in present]
        if missing:
            raise missing_dependencies(missing)
        try:
            self._sdk.validate_release_name(release.name)
        except self._sdk.HelmError as error:
            raise refusal(f'release name check failed: release name "{release.name}": {error}') from error
        if metadata.get("kubeVersion"):
            self._check_kube_version(metadata["kubeVersion"])

    def _check_kube_version(self, wanted: str) -> None:
        with self._sdk.Chart.load_archive(_probe()) as probe:
            version = self._render(probe, {"range": "*"})["probe/templates/version"]
            try:
                fits = self._render(probe, {"range": wanted})["probe/templates/fits"]
            except self._sdk.HelmRenderError:  # it isn't a range
                fits = "false"
        if fits != "true":
            words = f"chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {version}"
            raise refusal(words)

    def _check_encoding(self, rendered: Mapping[str, str], release: Release) -> None:
        """Refuse texts that aren't UTF-8, as Helm does: the library has put U+FFFD for what it can't read."""
        damaged = sorted(path for path, text in rendered.items() if "\ufffd" in text)
        damaged = [path for path in damaged if not path.endswith("NOTES.txt")]
        if not damaged:
            return
        contents = [path.read_bytes() for path in release.chart.rglob("*") if path.is_file()]
        contents.append(rules.values_text(release.values).encode())
        if any("\ufffd".encode() in content for content in contents):
            return  # it is meant
        if not all(map(_is_utf8, contents)):
            words = "error converting YAML to JSON: yaml: invalid leading UTF-8 octet"
            raise refusal(f"YAML parse error on {damaged[0]}: {words}")

    def _render(self, chart: Any, values: Mapping[str, Any], **names: str) -> dict[str, str]:
        """Return every template's text by its path.

        The package's own `Chart.render` can't be told the Kubernetes version, the library that it binds can
        (helm_render in helm_c.h).
        """
        options = {**names, "kube_version": self._kube_version, "api_versions": self._api_versions}
        native = self._sdk._native
        try:
            text = native.call_string(
                "helm_render", chart._raw(), rules.values_text(values), json.dumps(options)
            )
        except self._sdk.HelmInvalidArgError as error:
            raise refusal(f"invalid kube version '{self._kube_version}': {error}") from error
        rendered: dict[str, str] = json.loads(text)
        return rendered

    def _parse(self, path: str, text: str) -> Mapping[str, Any]:
        try:
            if "\0" in text:  # where a text ends for the library
                raise self._sdk.HelmValuesError(
                    "error converting YAML to JSON: yaml: control characters are not allowed"
                )
            values: dict[str, Any] = self._sdk.values_from_yaml(text)
        except self._sdk.HelmError as error:
            words = error.detail.replace("common.Values", "util.SimpleHead")
            raise refusal(f"YAML parse error on {path}: {words}") from error
        except RecursionError:
            raise refusal(f"YAML parse error on {path}: it is nested too deeply") from None
        return values


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@functools.cache
def _probe() -> bytes:
    """Return the archive of `_PROBE`."""
    import io
    import tarfile

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, text in _PROBE.items():
            member = tarfile.TarInfo(f"probe/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return archive.getvalue()
