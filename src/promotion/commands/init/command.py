"""`promotion init`: the workflows, the rules and a README section for a repository."""

from __future__ import annotations

import argparse

from promotion.commands.init.inputs import INIT, read_setup_request
from promotion.commands.init.placement import install, plan_files
from promotion.commands.init.workflow_templates import list_next_steps, list_secrets
from promotion.common.addresses import name_on
from promotion.edges.clone import Clone, read_workflows
from promotion.wiring.runtime import Runtime, read_inputs, read_server_url


def main(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Run the command; return 1 if a file was kept that differs.

    Raises:
        UsageError: an input is wrong, or the folder can't be read or written.
    """
    settings = read_inputs(arguments, INIT, runtime)
    server_url = read_server_url(runtime.environment)
    clone = Clone(runtime.folder / arguments.folder)
    origin = name_on(server_url, clone.origin() or "")
    request = read_setup_request(arguments.kind, settings, server_url.rstrip("/"), origin)
    placements = plan_files(request, read_workflows(), clone.read)
    is_whole = install(
        placements,
        clone.write,
        runtime.console,
        force=settings.flag("force"),
        dry_run=settings.flag("dry-run"),
    )
    workflows = {placement.path: placement.after for placement in placements}
    runtime.console.info("\nNext:")
    for number, step in enumerate(list_next_steps(request, list_secrets(workflows)), 1):
        runtime.console.info(f"{number}. {step}")
    return 0 if is_whole else 1
