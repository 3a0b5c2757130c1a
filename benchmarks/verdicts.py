"""What running witnesses says, counted by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from drift_checks.findings import Finding, Verdict, WitnessResult

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def verdict_table(findings: Sequence[Finding], results: Sequence[WitnessResult]) -> Table:
    """The head and the rows of a table by rule and outcome.

    Args:
        findings: What was found.
        results: What came of each one's witness, in the same order.
    """
    counted: Counter[tuple[str, str, Verdict]] = Counter()
    for finding, result in zip(findings, results, strict=True):
        counted[finding.rule, finding.outcome.value, result.verdict] += 1
    kinds = sorted({(rule, outcome) for rule, outcome, _ in counted})
    rows = [(rule, outcome, *(str(counted[rule, outcome, verdict]) for verdict in Verdict)) for rule, outcome in kinds]
    totals = Counter(result.verdict for result in results)
    head = ("rule", "outcome", *(verdict.value for verdict in Verdict))
    return head, [*rows, ("all", "", *(str(totals[verdict]) for verdict in Verdict))]


def confirmed_share(results: Sequence[WitnessResult]) -> float:
    """The share of the witnesses that were run and are confirmed; 1 where none was run."""
    run = [result for result in results if result.verdict is not Verdict.NOT_RUN]
    return sum(result.verdict is Verdict.CONFIRMED for result in run) / len(run) if run else 1.0
