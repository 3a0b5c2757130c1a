"""What stays the same about a finding when other lines of its file change."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

from ..findings import Finding


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """One for each finding, different from all others: of its file, rule, symbol and line of text."""
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    for finding in findings:
        key = finding.path, finding.rule, finding.symbol, " ".join(finding.source.split())
        made.append(hashlib.sha256("\0".join((*key, str(seen[key]))).encode("utf-8", "replace")).hexdigest()[:32])
        seen[key] += 1
    return made
