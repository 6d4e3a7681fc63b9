"""Helm's refusals as our errors: its own words, without paths of ours, and what to do about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from promotion.common.phrases import say
from promotion.errors import RenderError

MOST_MEMORY = 2**30  # bytes that rendering one chart may take; large charts take a fifth of it
_LOG_LINE = re.compile(r'level=\w+ msg=(?P<message>"(?:[^"\\]|\\.)*"|\S+)(?P<rest>.*)')
_TIME = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", re.MULTILINE)
_HALF = 1000  # characters; Helm's longest errors have 100,000
# Helm's words, and what to do about it.
_FIXES = (
    # What Helm 2 had (https://helm.sh/docs/v3/faq/changes_since_helm2, "Built-in objects").
    (
        ".Release.Time",
        "Helm 3 and later have no .Release.Time, as Helm 2 had: take a newer chart, or edit it.",
    ),
    ("TillerVersion", "Helm 3 and later have no Tiller, as Helm 2 had: take a newer chart, or edit it."),
    ("schema", "Correct the component's config, or the defaults of the chart."),
    ("chart dependencies", "Vendor them below charts/, or correct the dependencies in Chart.yaml."),
    (
        "invalid release name",
        "Rename the component: its name is the name of the Helm release, and may have 53 characters: small "
        "letters, digits, `-` and `.`.",
    ),
    ("requires kubeVersion", say("Set {kube-version} to the version of your clusters.")),
    ("not installable", "Use an application chart; a library chart can only be a dependency of one."),
    ("invalid kube version", say("Set {kube-version} to a version such as 1.33.")),
    ("YAML parse error", "Correct the template, or the values it prints."),
    ("chart.metadata", "Correct the chart's Chart.yaml."),
    ("cannot load", "Correct the chart's file."),
    (
        "Chart.yaml",
        "Point `path` at the folder that has the chart's Chart.yaml. If it is there, a pattern in the "
        "chart's .helmignore hides it.",
    ),
)


def read_messages(stderr: str) -> tuple[list[str], str]:
    """Return the warnings, one line each, and the error in what Helm printed to its error stream."""
    log, _, error = f"\n{stderr}".partition("\nError: ")
    warnings = []
    for line in _TIME.sub("", log).strip().splitlines():
        found = _LOG_LINE.fullmatch(line)
        if found is None:
            warnings.append(line)
        elif not line.startswith("level=ERROR"):  # Helm says it again as its error
            warnings.append(found["message"].strip('"') + found["rest"])
    return [without_values(warning) for warning in warnings], error or log


def missing_dependencies(names: Sequence[str]) -> RenderError:
    """Return the error for dependencies of Chart.yaml that charts/ lacks (Helm: CheckDependencies)."""
    return refusal(
        "an error occurred while checking for chart dependencies. You may need to run "
        "'helm dependency build' to fetch missing dependencies: found in Chart.yaml, but missing in charts/ "
        f"directory: {', '.join(names)}"
    )


def refusal(words: str, chart: str = "", show: Callable[[str], str] = str) -> RenderError:
    """Return the error for a chart that Helm refuses to render.

    Args:
        words: Helm's error message.
        chart: the chart's folder, taken out of the message.
        show: hides secrets, if any can be in it.
    """
    text = words.replace(f"{chart.rstrip('/')}/", "") if chart else words
    text = text.strip().removesuffix("Use --debug flag to render out invalid YAML").rstrip(" \n.")
    if text.startswith("unable to detect chart"):
        text = "Chart.yaml file is missing"
    text = without_values(text)
    shown, text = show(text), _shorten(text)
    fix = next(
        (fix for part, fix in _FIXES if part in text), "Correct the component's config, or the template."
    )
    return RenderError(f"Helm: {_shorten(shown)}", fix=fix)


def _shorten(text: str) -> str:
    if len(text) > 2 * _HALF:  # a thousand nested calls of `include`
        return f"{text[:_HALF]} … {text[-_HALF:]}"
    return text


def crash(log: str, show: Callable[[str], str] = str) -> RenderError:
    """Return the error for a chart that has ended the process in which it was rendered.

    Args:
        log: what Go printed last.
        show: as for `refusal`.
    """
    if "stack exceeds" in log or "frames elided" in log:  # Go leaves out frames of a stack of over a hundred
        return RenderError(
            "Helm: its templates call themselves without end",
            fix="Look for a template that includes itself, by tpl too, or values that contain themselves.",
        )
    needs_more = f"Helm: the chart needs more than {MOST_MEMORY // 2**20} MiB of memory"
    look = "Look for endless loops, or for texts that are repeated many times."
    if "out of memory" in log or "cannot allocate memory" in log:
        return RenderError(needs_more, fix=look)
    # A thread's stack is memory, too: without it pthread_create gives EAGAIN, as for a limit of threads
    # (https://man7.org/linux/man-pages/man3/pthread_create.3.html, "Errors").
    if "pthread_create failed" in log or "failed to create new OS thread" in log:
        return RenderError(
            f"{needs_more}, or this machine starts no more threads",
            fix=f"{look} If there are none, raise the limit of processes (`ulimit -u`).",
        )
    reason = next((line for line in log.splitlines() if line.strip()), "")
    if not reason:
        # Go tells of each end of its own: somebody killed it, as Linux does where memory runs out
        # (https://docs.kernel.org/admin-guide/mm/concepts.html, "OOM killer"). The chart needn't be at fault.
        killed = RenderError("Helm was ended from outside while it rendered the chart", fix="Run it again.")
        killed.is_passing = True
        return killed
    return RenderError(
        f"Helm crashed while it rendered the chart: {show(reason)[:_HALF]}", fix="Correct the chart."
    )


def endless(seconds: float) -> RenderError:
    """Return the error for a chart that is still being rendered after its time is up."""
    return RenderError(
        f"Helm was still rendering the chart after {seconds:.0f} s",
        fix="Look for a loop without end in its templates.",
    )


_TEXT = r'"(?:[^"\\]|\\.)*"'
_RULES = (
    # go-yaml, on a document that doesn't parse
    (re.compile(r"unknown anchor '.*' referenced"), "unknown anchor referenced"),
    (re.compile(r"(invalid map key): .*", re.DOTALL), r"\1"),
    (re.compile(r"(cannot (?:decode|unmarshal) \S+) `.*?`", re.DOTALL), r"\1"),
    # text/template
    (re.compile(r"(range can't iterate over) .*", re.DOTALL), r"\1 this value"),
    # the schema of a chart's values
    (re.compile(r"'(?:[^'\\]|\\.)*' (does not match pattern)"), r"the value \1"),
    (re.compile(r"'(?:[^'\\]|\\.)*' (is not valid \w+).*"), r"the value \1"),
    # values of two shapes
    (re.compile(r"(non[- ]table (?:for \S+|value)) \(.*\)", re.DOTALL), r"\1"),
)
# What a function says of its arguments stands behind these words. Of what is quoted there only the names of
# templates, and the template's own text, are no values.
_CALLING = "error calling "
_QUOTED = re.compile(
    rf"(executing {_TEXT} at <.*?>:|no template {_TEXT} associated with template {_TEXT})|{_TEXT}|`[^`]*`",
    re.DOTALL,
)


def without_values(words: str) -> str:
    """Return a message of Helm, with every value in it left out or replaced by `…`."""
    for pattern, replacement in _RULES:
        words = pattern.sub(replacement, words)
    before, calling, after = words.partition(_CALLING)
    return before + calling + _QUOTED.sub(lambda found: found[1] or "…", after)
