"""An answer as JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from promotion.commands.explain.explanation import Explanation, ValuePlace, find_text, list_values
from promotion.commands.explain.origin_places import Place, find_file, find_template
from promotion.common.ages import iso
from promotion.common.commit_history import PastCommit
from promotion.rendering.lock.commit_trailers import read_trailers


def to_json(answer: Explanation, *, wanted: str = "") -> str:
    """Return the answer. `wanted` is the value that was asked for; empty for all."""
    part, origin = answer.found.component, answer.provenance
    content = {
        "environment": answer.environment,
        "component": part.label,
        "kind": part.kind,
        "source": {
            "repository": origin.source,
            "ref": origin.ref,
            "revision": origin.revision,
            "path": origin.path,
        },
        "hld": {
            "repository": answer.hld.repository,
            "path": answer.hld.path,
            "ref": answer.hld.ref,
            "commit": answer.hld.commit,
        },
        "manifest": {
            "repository": answer.repository,
            "branch": answer.branch,
            "commit": answer.commit,
            "file": answer.file,
        },
        "lock_is_trusted": answer.is_trusted,
        "pinned": answer.pin.to if answer.pin else None,
        "held": {"part": answer.held[0], **asdict(answer.held[1])} if answer.held else None,
        "resources": [_resource(answer, place) for place in answer.places],
        "values": [_value(value) for value in list_values(answer, wanted)],
        "history": [_commit(answer, commit) for commit in answer.changes.commits],
        "history_is_complete": answer.changes.is_complete,
    }
    if wanted:
        content["lines"] = [
            {"line": each.line, "text": each.text, "values": [value.path for value in each.values]}
            for each in find_text(answer, wanted)
        ]
    return json.dumps(content, indent=2)


def _resource(answer: Explanation, place: Place) -> dict[str, Any]:
    resource = place.resource
    found = find_file(answer.found.component, place.line)
    return {
        "kind": resource.kind,
        "group": resource.group,
        "namespace": resource.namespace,
        "name": resource.name,
        "line": place.line,
        "template": place.template,
        "template_path": find_template(answer.found.component, place.template),
        "images": list(place.images),
        "written_in": found
        and {
            "repository": found[0].repository or answer.hld.repository,
            "commit": found[0].commit,
            "file": found[0].file,
            "line": found[1],
        },
    }


def _value(value: ValuePlace) -> dict[str, Any]:
    return {
        "path": value.path,
        "repository": value.repository,
        "commit": value.commit,
        "file": value.file,
        "line": value.line or None,
    }


def _commit(answer: Explanation, commit: PastCommit) -> dict[str, Any]:
    trailers = read_trailers(commit.message)
    return {
        "commit": commit.id,
        "time": iso(commit.time),
        "author": commit.author,
        "subject": commit.subject,
        "actor": trailers.trigger.actor,
        "repository": trailers.trigger.repository,
        "event_commit": trailers.trigger.commit,
        "run": trailers.trigger.url,
        "source_revision": trailers.sources.get(answer.found.component.label, ""),
    }
