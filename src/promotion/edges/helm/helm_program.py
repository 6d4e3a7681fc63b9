"""The `helm` program, for platforms without the embedded one and for users who want their own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from promotion.common.phrases import say
from promotion.edges.charts.additions import add_templates
from promotion.edges.charts.schema_files import refuse_quoted_pointers, seal
from promotion.edges.child_process import CommandTimeoutError, Completed, ProcessRunner
from promotion.errors import RenderError
from promotion.rendering.charts import chart_crds as crds
from promotion.rendering.charts import crd_hooks
from promotion.rendering.charts import release_manifest as rules
from promotion.rendering.charts.helm_refusals import MOST_MEMORY, crash, read_messages, refusal
from promotion.rendering.definition.part_times import ENDLESS, PartTimes, make_overdue
from promotion.rendering.model import Release, Rendered

# In words of Helm 3 and 4, which name neither chart nor template (manifest_sorter.go, SortManifests).
_UNKNOWN_HOOK = "skipping unknown hook"
_TIMEOUT = 120.0  # seconds; Helm takes 0.05 s for most charts


class ProgramHelm:
    """Renders charts with a `helm` program. Threads may share it.

    Args:
        program: a path, or `helm` for the one on PATH.
        scratch: a folder for Helm's caches; the user's own files aren't used.
        kube_version: what charts see as `.Capabilities.KubeVersion`; empty for `KUBE_VERSION`.
        api_versions: more of `.Capabilities.APIVersions`.
        cluster_apis: what charts see there in place of all that Helm knows; empty for just that.
        include_crds: whether the files in folders `crds/` are printed, too.
        skip_tests: whether Helm's tests are left out.
        warn: takes each warning, one line.
        times: what parts of a definition have, each for all of its charts.

    Raises:
        RenderError: the program isn't there, or isn't Helm 3 or later.
    """

    def __init__(
        self,
        *,
        program: str,
        commands: ProcessRunner,
        scratch: Path,
        kube_version: str = "",
        api_versions: Sequence[str] = (),
        cluster_apis: Sequence[str] = (),
        include_crds: bool = False,
        skip_tests: bool = False,
        warn: Callable[[str], None] = lambda _: None,
        times: PartTimes = ENDLESS,
    ) -> None:
        self._program = program
        self._commands = commands
        self._scratch = scratch
        self._kube_version = kube_version or rules.KUBE_VERSION
        self._api_versions = [*cluster_apis, *api_versions]
        self._shown = len(self._api_versions) if cluster_apis else 0
        self._include_crds, self._skip_tests = include_crds, skip_tests
        self._warn, self._times = warn, times
        self.version = self._read_version()

    def prepare(self) -> None:
        """Do nothing: each render starts the program anew."""

    def template(self, release: Release) -> str:
        """Return what `helm template` prints for a release; errors as of `render`."""
        return self.render(release).text

    def render(self, release: Release) -> Rendered:
        """Return what `helm template` prints for a release, and what it leaves out.

        Raises:
            RenderError: Helm refuses the chart or its values.
            CommandTimeoutError: Helm took too long.
        """
        options = ["--namespace", release.namespace, "--kube-version", self._kube_version, "--values", "-"]
        options += [word for version in self._api_versions for word in ("--api-versions", version)]
        values = rules.values_text(release.values)
        options += ["--skip-tests"] if self._skip_tests else []
        with (
            seal(release, self._scratch, self._warn, is_recent=self._is_recent) as sealed,
            add_templates(sealed, self._scratch, shown=self._shown, values=values) as chart,
        ):
            # "--" keeps a release name like "-x" from being an option.
            words = ["template", *options, "--", release.name, str(chart)]
            done = self._run_in_time(words, values.encode(), release.part)
        warnings, error = read_messages(done.stderr)
        for warning in warnings:
            owner = f"component {release.label or release.name}: " if _UNKNOWN_HOOK in warning else ""
            self._warn(self._commands.show(owner + warning))
        if done.code not in (0, 1):  # Go's own code for a crash is 2
            raise crash(done.stderr, self._commands.show)
        if done.code:
            raise refusal(error, str(chart), self._commands.show)
        # Not with `--include-crds`, which prints subcharts that no Chart.yaml lists in a changing order.
        text, files = crds.take_out(done.stdout.decode())
        refuse_quoted_pointers(release, text)
        text, hooks = crd_hooks.take_out(text)
        if self._include_crds:
            return Rendered(text=rules.put_first(crds.print_files(files) + hooks, text))
        return Rendered(text=text, left_out=crds.show_files(files) + hooks)

    @property
    def _is_recent(self) -> bool:
        """Whether it is Helm 3.18 or newer, which has all drafts of JSON Schema built in."""
        major, minor = re.findall(r"\d+", self.version)[:2]
        return (int(major), int(minor)) >= (3, 18)

    def _read_version(self) -> str:
        done = self._run(["version", "--template", "{{.Version}}"])
        found = re.match(r"v(\d+)\.\d+\S*", done.stdout.decode("utf-8", "replace"))
        if done.code or not found or int(found[1]) < 3:
            raise RenderError(
                f"{self._program} isn't Helm 3 or later",
                fix=say("Set {helm} to Helm 4's path."),
            )
        return found[0].removeprefix("v")

    def _run_in_time(self, words: Sequence[str], values: bytes, part: str) -> Completed:
        with self._times.spending(part) as left:
            if left > _TIMEOUT:
                return self._run(words, stdin=values)
            try:
                if left > 0:
                    return self._run(words, stdin=values, timeout=left)
            except CommandTimeoutError:
                pass
            raise make_overdue("charts of it are still to be rendered", part, self._times.limit)

    def _run(self, words: Sequence[str], *, stdin: bytes = b"", timeout: float = _TIMEOUT) -> Completed:
        environment = {
            f"HELM_{kind}_HOME": str(self._scratch / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")
        }
        environment["KUBECONFIG"] = os.devnull
        environment["GOMEMLIMIT"] = f"{MOST_MEMORY * 3 // 4}B"  # tidy up before failing
        return self._commands.run(
            [self._program, *words], timeout=timeout, env=environment, stdin=stdin, memory=MOST_MEMORY
        )
