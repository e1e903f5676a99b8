"""What `buoy-server fsck` says: each violation with what to do, for a person or as JSON."""

import json
import sys
from dataclasses import asdict

from buoy_server.storage.fsck import Findings


def report(findings: Findings, database: str, *, as_json: bool) -> int:
    """Print what a check found on standard output, and return the exit code: 1 where something does not hold."""
    if as_json:
        sys.stdout.write(json.dumps({"database": database, **asdict(findings)}, indent=2) + "\n")
        return bool(findings.violations)
    for violation in findings.violations:
        sys.stdout.write(f"{violation.check}  {violation.about}: {violation.found}\n    {violation.advice}\n")
    count = len(findings.violations)
    things = "1 thing does" if count == 1 else f"{count} things do"
    said = f"{things} not hold" if count else "all is well"
    sys.stdout.write(f"{findings.objects} objects of {database} checked as of revision {findings.revision}: {said}\n")
    return bool(count)
