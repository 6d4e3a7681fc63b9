"""Ask whether a version that a lock names has known vulnerabilities. `make audit` and `.ci/run` call it.

pip-audit ends alike when it has found some and when it couldn't ask (pip_audit/_cli.py: exit code 1), but
only when it has asked does it write its report. So exit codes tell the two apart here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TOOL = ROOT / ".cache/audit/bin/pip-audit"
FOUND, UNKNOWN = 1, 2
_SHOWN = 5  # packages of which nothing is known


def audit(locks: Sequence[Path], report: Path, tool: Path = TOOL) -> int:
    """Return the exit code: 0 if no version has a known vulnerability, 1 if one has, 2 if it is unclear."""
    report.unlink(missing_ok=True)
    words = ["--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json"]
    words += [f"--output={report}", *(f"--requirement={lock}" for lock in locks)]
    done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
    if not report.exists():
        print("\n".join(done.stderr.strip().splitlines()[-3:]))
        print("Nobody could be asked for known vulnerabilities")
        return UNKNOWN
    return judge(json.loads(report.read_text("utf-8"))["dependencies"])


def judge(dependencies: Sequence[Mapping[str, Any]]) -> int:
    """Return the exit code for what pip-audit says of each package."""
    unknown = [each["skip_reason"] for each in dependencies if "skip_reason" in each]
    found = [
        f"{each['name']} {each['version']}: {flaw['id']}; mended: {', '.join(flaw['fix_versions']) or 'no'}"
        for each in dependencies
        for flaw in each.get("vulns", ())
    ]
    print("\n".join([*unknown[:_SHOWN], *found]))
    print(
        f"{len(dependencies)} packages: {len(found)} known vulnerabilities, {len(unknown)} couldn't be told"
    )
    if found:
        return FOUND
    return UNKNOWN if unknown or not dependencies else 0


if __name__ == "__main__":
    sys.exit(audit(sorted(ROOT.glob("requirements*.lock")), ROOT / ".cache/audit/report.json"))
