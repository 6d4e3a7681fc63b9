"""`promotion explain`: where a resource of an environment comes from."""

from __future__ import annotations

import argparse
import time

from promotion.commands.explain.explainer import ExplainQuery, explain_resource
from promotion.commands.explain.explanation_json import to_json
from promotion.commands.explain.explanation_text import as_text
from promotion.commands.explain.inputs import EXPLAIN
from promotion.common.paths import normalise_folder
from promotion.errors import UsageError
from promotion.rendering.materialize_request import read_branch
from promotion.wiring.manifest_repository import open_manifests
from promotion.wiring.result_output import show, show_json
from promotion.wiring.runtime import Runtime, read_inputs


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; return the exit code."""
    settings = read_inputs(arguments, EXPLAIN, runtime)
    if arguments.history < 1:
        raise UsageError(f"--history is {arguments.history}", fix="It is a number from 1.")
    environment = settings.text("environment")
    question = ExplainQuery(
        name=arguments.name,
        environment=environment,
        branch=read_branch(settings, "manifest-branch") or environment,
        folder=normalise_folder(settings.text("manifest-path")),
        namespace=arguments.namespace,
        history=arguments.history,
    )
    with open_manifests(settings, runtime) as manifests, runtime.console.group("Read the manifests"):
        answer = explain_resource(question, manifests)
    if arguments.json:
        show_json(to_json(answer, wanted=arguments.value))
    else:
        show(as_text(answer, now=int(time.time()), wanted=arguments.value), runtime)
    return 0
