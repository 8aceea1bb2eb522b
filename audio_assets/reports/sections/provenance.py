"""Where the numbers come from: model, data, parameters, versions, licences."""

from __future__ import annotations

from audio_assets.reports.contents import Contents
from audio_assets.reports.document import Block, Facts, Heading, Note, Section, Table, Text
from audio_assets.reports.wording import settings


def provenance(contents: Contents) -> Section:
    """Everything that is needed to trust or to repeat the report."""
    blocks: list[Block] = []
    for title, facts in contents.provenance.items():
        blocks += [Heading(title), Facts(facts)]
        if title == "Software":
            blocks.append(Text("Versions installed where this report was written."))
    blocks += [Heading("Parameters of the analysis"), Facts(_parameters(contents))]
    blocks.append(Heading("Outputs that this report was written from"))
    if contents.outputs:
        header = ("Output", "Data version", "Made (UTC)")
        blocks.append(Table(header, contents.outputs, (26, 46, 28)))
    else:
        blocks.append(Note("The home has no records of Dagster on when the outputs were made."))
    again = f"audio-assets report {contents.folder} --checkpoint {contents.checkpoint}"
    blocks.append(Text(f"Written again with: {again}"))
    return Section("provenance", "Provenance", blocks)


def gaps(contents: Contents) -> Section | None:
    """What the report could show and does not; None when it shows everything."""
    if not contents.gaps:
        return None
    names = {"retrieval": "Confusion matrix and retrieval quality"}
    facts = [
        (names.get(gap.what, gap.what[0].upper() + gap.what[1:]), gap.why) for gap in contents.gaps
    ]
    return Section("gaps", "What is missing, and why", [Facts(facts)])


def _parameters(contents: Contents) -> list[tuple[str, str]]:
    grid = contents.overview.grid
    facts = [("windows", settings(grid.model_dump()))]
    sources = [(m.name, m.parameters) for m in contents.maps]
    if contents.clusters is not None:
        sources.append(("clusters", contents.clusters.parameters))
    for name, parameters in sources:
        for key in ("asked", "used"):
            values = parameters.get(key)
            if values:
                facts.append((f"{name}, {key}", settings(values)))
    return facts
