"""Show a decision as outputs, annotation, job summary and comment, with one text for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

from promotion.commands.guard.inputs import Mode
from promotion.common.markdown import code, link, markdown, prose
from promotion.common.promotion_rules.decision import Decision, Reason
from promotion.common.text import line, list_first

MARKER = "<!-- promotion-guard -->"
_MOST_ROWS = 200  # keeps summary and comment far below GitHub's limits
_LONGEST_COMMENT = 60_000  # characters; GitHub takes 65,536
_PERMISSIONS = """\
```yaml
permissions:
  contents: read        # the rules, and which commits a branch contains
  pull-requests: read   # the pull request; `write` for the input `comment`
```
"""


def outputs(decision: Decision, mode: Mode, show: Callable[[str], str] = str) -> dict[str, str]:
    """Return the action's outputs by name. `show` hides secrets in sentences, and nowhere else."""
    return {
        "allowed": "true" if decision.allowed else "false",
        "decision": decision.outcome,
        "reason-code": decision.reason.value,
        "matched-rule": line(decision.matched_rule),
        "source": line(decision.source),
        "target": line(decision.target),
        "json": json.dumps(as_json(decision, mode, show), ensure_ascii=True, sort_keys=True),
    }


def as_json(decision: Decision, mode: Mode, show: Callable[[str], str] = str) -> dict[str, Any]:
    """Return the decision as plain values, as docs/guard.md describes them. `show` is as for `outputs`."""
    return {
        "allowed": decision.allowed,
        "decision": decision.outcome,
        "mode": mode,
        "reason_code": decision.reason.value,
        "message": show(decision.message),
        "fix": show(decision.fix),
        "source": decision.source,
        "target": decision.target,
        "matched_rule": decision.matched_rule,
        "pull_request": decision.number,
        "notices": [show(notice) for notice in decision.notices],
        "subjects": [
            {
                "name": subject.name,
                "allowed": subject.allowed,
                "message": show(subject.message),
                "url": subject.url,
            }
            for subject in decision.subjects
        ],
        "findings": [
            {
                "branch": finding.branch,
                "severity": finding.severity,
                "what": show(finding.what),
                "fix": show(finding.fix),
            }
            for finding in decision.findings
        ],
    }


def exit_code(decision: Decision, mode: Mode) -> int:
    """Return 0 if the decision allows or only warns, else 1."""
    return 0 if decision.allowed or mode == "warn" else 1


def annotation(decision: Decision, mode: Mode) -> tuple[Literal["notice", "warning", "error"], str]:
    """Return the level and the text of the annotation, as one plain line."""
    if decision.allowed:
        return "notice", line(f"{_sentence(decision.message)} [{decision.reason}]")
    level: Literal["warning", "error"] = "warning" if mode == "warn" else "error"
    closed = " Nothing could be established, so the answer is no." if decision.outcome == "error" else ""
    text = f"{_sentence(decision.message)} {decision.fix}{closed} [{decision.reason}]"
    return level, line(text)


def as_text(decision: Decision) -> str:
    """Return the decision as lines for a log or terminal."""
    lines = [f"{decision.outcome}: {line(decision.message)}"]
    if decision.fix:
        lines.append(f"  {line(decision.fix)}")
    for subject in decision.subjects:
        sign = "yes" if subject.allowed else "no"
        lines.append(f"  {sign:8} {line(subject.name)}: {line(subject.message)}")
    for finding in decision.findings:
        fix = f". {finding.fix}" if finding.fix else ""
        lines.append(f"  {finding.severity:8} {line(f'{finding.branch} {finding.what}{fix}')}")
    return "\n".join(lines)


def summary(decision: Decision, mode: Mode) -> str:
    """Return the job summary in Markdown."""
    parts = [f"## Promotion guard: {_headline(decision, mode)}\n", _body(decision)]
    if decision.reason is Reason.MISSING_PERMISSION:
        parts.append(f"The guard needs:\n\n{_PERMISSIONS}")
    return "\n".join(part for part in parts if part)


def comment(decision: Decision, mode: Mode, run_url: str) -> str:
    """Return the sticky comment's text, which starts with the marker by which it is found."""
    text = f"{MARKER}\n### Promotion guard: {_headline(decision, mode)}\n\n{_body(decision)}"
    if len(text) > _LONGEST_COMMENT:
        text = text[:_LONGEST_COMMENT].rsplit("\n", 1)[0] + "\n"
    return text + (f"\n[Run]({run_url})\n" if run_url else "")


def _headline(decision: Decision, mode: Mode) -> str:
    if decision.allowed:
        return "allowed ✅"
    word = "not answered" if decision.outcome == "error" else "not allowed"
    return f"{word} ⚠️ (only a warning)" if mode == "warn" else f"{word} ❌"


def _body(decision: Decision) -> str:
    parts = [prose(_sentence(decision.message)), prose(decision.fix)]
    if decision.outcome == "error":
        parts.append("Nothing could be established, so the answer is no.")
    parts += [f"> {prose(notice)}" for notice in decision.notices]
    parts += [_subjects(decision), _findings(decision), _facts(decision)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(decision: Decision) -> str:
    facts = {
        "from": code(decision.source),
        "to": code(decision.target),
        "rule": code(decision.matched_rule),
        "reason code": code(decision.reason.value),
    }
    return " · ".join(f"{name} {value}" for name, value in facts.items() if value)


def _subjects(decision: Decision) -> str:
    if not decision.subjects:
        return ""
    rows = []
    for subject in decision.subjects:
        sign = "✅" if subject.allowed else "❌"
        rows.append(f"| {sign} | {link(markdown(subject.name), subject.url)} | {prose(subject.message)} |")
    return _table("| | What | Why |\n|---|---|---|", rows)


def _findings(decision: Decision) -> str:
    if not decision.findings:
        return ""
    signs = {"problem": "❌", "advice": "💡", "unknown": "❔", "ok": "✅"}
    rows = [
        f"| {signs[finding.severity]} {finding.severity} | {code(finding.branch)} | {prose(finding.what)} "
        f"| {prose(finding.fix)} |"
        for finding in decision.findings
    ]
    return _table("| | Branch | Finding | Fix |\n|---|---|---|---|", rows)


def _table(head: str, rows: list[str]) -> str:
    return "\n".join([head, *list_first(rows, _MOST_ROWS, str, "\nand {} more")])


def _sentence(text: str) -> str:
    """Return a message as a sentence. A name in backticks at its start stays as it is."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""
