"""Labelled real breakages: how many are found on the line, elsewhere in the file, or missed, by tier and kind.

    python -m benchmarks.real_cases --cases FILE --mirrors DIR [--likely] [--witness] [--tier A]… [--ids ID…] [--newest]

Each file is checked as part of its project at the commit before the fix, from the newest release that does not break
it to the first one that does. What else is found in these files is no mistake by itself: its witness tells.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from drift_checks.findings import Verdict, WitnessResult
from drift_checks.witness_runs import confirm
from signatures.errors import DriftError
from signatures.history import History

from .case_checks import VERDICTS, Found, Looked, Work, checked, labelled, looked, unlabelled
from .cases import Case, pair_of, read_cases
from .environments import DEFAULT_FOLDER, releases
from .mirrors import checked_out
from .tables import kept, show
from .verdicts import verdict_table

BARS = {("A", False): 0.85, ("A", True): 0.93, ("B", True): 0.60}
"""The share of a tier to be found on the line, without and with findings that are only likely."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 1 where a bar is missed."""
    chosen = _parser().parse_args(arguments)
    try:
        cases = [case for case in read_cases(chosen.cases) if _is_chosen(case, chosen.tier, chosen.ids)]
        if not cases:
            raise DriftError(f"{chosen.cases} has no such case")
        works = _planned(cases, chosen.mirrors, chosen.trees, newest=chosen.newest)
        found = checked({work for work in works.values() if work is not None}, chosen.processes)
        results = [
            looked(case, work, found[work] if work else (), likely=chosen.likely) for case, work in works.items()
        ]
        at_labels, elsewhere = labelled(results), unlabelled(results, found, likely=chosen.likely)
        tested = _tested([*at_labels, *elsewhere]) if chosen.witness else None
    except DriftError as error:
        print(error, file=sys.stderr)
        return 2
    holds = _show(results, likely=chosen.likely)
    _show_alarms(results, tested or {})
    if tested is not None:
        _show_findings("findings on labelled lines", at_labels, tested)
    _show_findings("further findings in these files", elsewhere, tested)
    if chosen.json:
        text = json.dumps([_as_json(one) for one in results], indent=1)
        chosen.json.write_text(f"{text}\n", encoding="utf-8")
    return 0 if holds else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=Path, required=True, metavar="FILE", help="the labels, one JSON object a line")
    parser.add_argument(
        "--mirrors", type=Path, required=True, metavar="DIR", help="bare repositories, `owner+name/repo`"
    )
    parser.add_argument(
        "--trees", type=Path, default=DEFAULT_FOLDER / "trees", metavar="DIR", help="where commits are kept"
    )
    parser.add_argument("--tier", action="append", choices=("A", "B", "C", "N"), help="only these tiers")
    parser.add_argument("--ids", nargs="+", metavar="ID", help="only these cases")
    parser.add_argument("--likely", action="store_true", help="count findings whose receiver's type is not known")
    parser.add_argument("--witness", action="store_true", help="run the witnesses of all findings in these files")
    parser.add_argument(
        "--newest", action="store_true", help="move to the newest release, not to the first that breaks"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what came of each case")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many files at once")
    return parser


def _is_chosen(case: Case, tiers: Sequence[str] | None, names: Sequence[str] | None) -> bool:
    return (not tiers or case.tier in tiers) and (not names or case.name in names)


def _planned(cases: Iterable[Case], mirrors: Path, trees: Path, *, newest: bool) -> dict[Case, Work | None]:
    histories: dict[str, History] = {}
    planned: dict[Case, Work | None] = {}
    for case in cases:
        history = histories.setdefault(case.upstream, History.open(case.upstream))
        pair = pair_of(case, history, newest=newest)
        tree = checked_out(mirrors, case.mirror, case.ref, trees)
        planned[case] = Work(tree, case.path, case.upstream, *pair) if pair else None
    return planned


def _tested(findings: Sequence[Found]) -> dict[Found, WitnessResult]:
    """What running their witnesses says about findings."""
    asked = [(finding, (work.old, work.new)) for work, finding in findings]
    return dict(zip(findings, (result for _, result in confirm(asked, releases())), strict=True))


def _show(results: Sequence[Looked], *, likely: bool) -> bool:
    """Print the tables, and say whether every bar is kept."""
    for tier in sorted({one.case.tier for one in results}):
        of_tier = [one for one in results if one.case.tier == tier]
        print(f"\ntier {tier}")
        show(("kind", "cases", *VERDICTS), _rows(of_tier))
        if tier in ("A", "B"):
            show(("on the line", "all cases", "some", "none"), _groups(of_tier))
    too_old = sum(one.work is None for one in results)
    if too_old:
        print(f"{too_old} cases broke before the history begins")
    return _bars(results, likely=likely)


def _show_alarms(results: Iterable[Looked], tested: Mapping[Found, WitnessResult]) -> None:
    """What is said to break where the label says that nothing does, and what its witness says."""
    for one in results:
        if one.work is None or not one.is_false_alarm:
            continue
        for finding in one.at_line:
            result = tested.get((one.work, finding))
            verdict = f", {result.verdict.value} by its witness" if result is not None else ""
            guards = f" under {', '.join(one.case.guards)}" if one.case.guards else ""
            print(f"false alarm{verdict}: {one.case.name}: {finding.rule} {finding.symbol}{guards}")


def _show_findings(title: str, findings: Sequence[Found], tested: Mapping[Found, WitnessResult] | None) -> None:
    """Findings by rule, and those that a real install does not confirm."""
    print(f"\n{title}: {len(findings)}")
    if tested is None:
        show(("rule", "findings"), ((rule, str(n)) for rule, n in Counter(f.rule for _, f in findings).most_common()))
        return
    results = [tested[one] for one in findings]
    show(*verdict_table([finding for _, finding in findings], results))
    for (work, finding), result in zip(findings, results, strict=True):
        if result.verdict in (Verdict.REFUTED, Verdict.UNCONFIRMED):
            place = f"{work.path}:{finding.line} in {work.tree.parent.name} at {work.tree.name}"
            print(f"{result.verdict.value}: {place}: {finding.rule} {finding.symbol}: {result.said}")


def _rows(results: Sequence[Looked]) -> list[tuple[str, ...]]:
    kinds = sorted({one.case.kind for one in results})
    rows = [_row(kind, [one for one in results if one.case.kind == kind]) for kind in kinds]
    return [*rows, _row("all", results)]


def _row(name: str, results: Sequence[Looked]) -> tuple[str, ...]:
    counted = Counter(one.verdict for one in results)
    return (name, str(len(results)), *(str(counted[verdict]) for verdict in VERDICTS))


def _groups(results: Sequence[Looked]) -> list[tuple[str, ...]]:
    """By commit and by symbol: in how many all cases are found, in how many some, in how many none."""
    keys: dict[str, Callable[[Case], str]] = {
        "commits": lambda case: f"{case.mirror} {case.ref}",
        "symbols": lambda case: case.symbol,
    }
    return [(f"{len(_hits(results, key))} {name}", *_thirds(_hits(results, key))) for name, key in keys.items()]


def _hits(results: Iterable[Looked], key: Callable[[Case], str]) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = {}
    for one in results:
        found.setdefault(key(one.case), []).append(one.is_hit)
    return found


def _thirds(groups: dict[str, list[bool]]) -> tuple[str, str, str]:
    full = sum(all(hits) for hits in groups.values())
    none = sum(not any(hits) for hits in groups.values())
    return str(full), str(len(groups) - full - none), str(none)


def _bars(results: Sequence[Looked], *, likely: bool) -> bool:
    rows = []
    for (tier, with_likely), bar in BARS.items():
        of_tier = [one for one in results if one.case.tier == tier]
        if with_likely is likely and of_tier:
            share = sum(one.is_hit for one in of_tier) / len(of_tier)
            rows.append((f"tier {tier} on the line", f"{share:.1%}", f">= {bar:.0%}", kept(share >= bar)))
    harmless = [one for one in results if one.case.is_harmless]
    if harmless:
        alarms = sum(one.is_false_alarm for one in harmless)
        rows.append((f"false alarms in {len(harmless)} that break nothing", str(alarms), "0", kept(not alarms)))
    if rows:
        print()
        show(("bar", "", "wanted", ""), rows)
    return all(row[-1] == kept(True) for row in rows)


def _as_json(one: Looked) -> dict[str, Any]:
    work = one.work
    return {
        "id": one.case.name,
        "tier": one.case.tier,
        "kind": one.case.kind,
        "verdict": one.verdict,
        "false_alarm": one.is_false_alarm,
        "upstream": one.case.upstream,
        "from": work.old if work else None,
        "to": work.new if work else None,
        "rules": sorted({finding.rule for finding in one.at_line}),
    }


if __name__ == "__main__":
    sys.exit(main())
