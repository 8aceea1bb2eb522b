"""Results as a table and a plot in `docs/performance.md`.

    python -m benchmarks.render [--results DIR] [--page FILE]

Everything between the two marks of the page is written anew; the rest is people's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
PLOT = "performance.svg"


def load(results: Path) -> list[dict[str, Any]]:
    """Results of cases, by title; other JSON files there are left alone."""
    found = [json.loads(path.read_text()) for path in sorted(results.glob("*.json"))]
    cases = [one for one in found if isinstance(one, dict) and {"case", "title"} <= set(one)]
    return sorted(cases, key=lambda one: one["title"])


def table(cases: list[dict[str, Any]]) -> str:
    """Markdown: one row per judged figure, then what was skipped, then notes by case."""
    lines = ["| case | what | measured | target | |", "|---|---|---|---|---|"]
    notes, skipped = [], []
    for case in cases:
        for ratio in case.get("ratios", ()):
            sign = "≥" if ratio["at_least"] else "≤"
            unit = f" {ratio['unit']}" if ratio["unit"] else ""
            value = "not measured" if ratio["value"] is None else _short(ratio["value"]) + unit
            verdict = {True: "met", False: "**missed**", None: ""}[ratio["met"]]
            what = ratio["what"] + (f" ({ratio['note']})" if ratio["note"] else "")
            lines.append(
                f"| {case['title']} | {what} | {value} | {sign} {ratio['target']:g}{unit} "
                f"| {verdict} |"
            )
        if "skipped" in case:
            skipped.append(f"- {case['title']}: {case['skipped']}")
        for note in case.get("notes", ()):
            notes.append(f"- {case['title']}: {note}")
    parts = ["\n".join(lines)]
    if skipped:
        parts.append("Skipped:\n\n" + "\n".join(skipped))
    if notes:
        parts.append("How to read it:\n\n" + "\n".join(notes))
    return "\n\n".join(parts)


def _short(value: float) -> str:
    """Four digits, but all of those that tell a figure just below 1 from 1."""
    return f"{value:g}" if 0.99 < value < 1 else f"{value:.4g}"


def machines(cases: list[dict[str, Any]]) -> str:
    """A sentence per machine that measured."""
    named: dict[str, list[str]] = {}
    for case in cases:
        machine = case["machine"]
        text = (
            f"{machine['processor']}, {machine['processors']} processors "
            f"({', '.join(machine['flags'])}), {machine['memory_gb']} GB, {machine['system']}, "
            f"Python {machine['python']}, torch {machine['versions'].get('torch', '-')}, FiftyOne "
            f"{machine['versions'].get('fiftyone', '-')}"
        )
        named.setdefault(text, []).append(case["case"])
    return "\n".join(f"Measured on {text}: {', '.join(names)}." for text, names in named.items())


def plot(cases: list[dict[str, Any]], path: Path) -> None:
    """Bars: every judged figure as a share of its target, so that 1 and more is good."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    rows = [
        (f"{case['title']}: {ratio['what']}", ratio)
        for case in cases
        for ratio in case.get("ratios", ())
        if ratio["value"]
    ]
    if not rows:
        return
    names = [name if len(name) < 96 else name[:93] + "…" for name, _ in rows]
    shares = [
        r["value"] / r["target"] if r["at_least"] else r["target"] / r["value"] for _, r in rows
    ]
    colors = ["#2b7a78" if r["met"] else "#c8553d" for _, r in rows]
    mpl.rcParams["svg.hashsalt"] = "bench"
    figure, axes = pyplot.subplots(figsize=(11, 0.34 * len(rows) + 1.2))
    axes.barh(names, shares, color=colors)
    axes.axvline(1.0, color="#222", linewidth=1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.invert_yaxis()
    axes.set_xlabel("figure as a multiple of its target (right of the line: met)")
    axes.tick_params(axis="y", labelsize=7)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def render(results: Path, page: Path) -> None:
    """Write table and plot into the page.

    Raises:
        SystemExit: the page has no marks.
    """
    text = page.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{page} has no place for results; put {BEGIN} and {END} into it.")
    cases = load(results)
    plot(cases, page.with_name(PLOT))
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    body = (
        f"{machines(cases)}\n\n![Figures as multiples of their targets]({PLOT})\n\n{table(cases)}"
    )
    page.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Read the command line and render."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--page", type=Path, default=HERE.parent / "docs" / "performance.md")
    given = parser.parse_args()
    render(given.results, given.page)


if __name__ == "__main__":
    main()
