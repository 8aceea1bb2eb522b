"""`audio-assets cluster` and `audio-assets compare`: their options, and what they print."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from audio_assets.cli_settings import load_settings


class Method(StrEnum):
    """How to cluster."""

    hdbscan = "hdbscan"
    kmeans = "kmeans"
    agglomerative = "agglomerative"


class Linkage(StrEnum):
    """Distance between two clusters."""

    ward = "ward"
    average = "average"
    complete = "complete"
    single = "single"


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, last, on stdout.")]
SetIds = Annotated[
    list[str] | None, typer.Option("--set", help="Id of an embedding set; repeat for more.")
]


def cluster(
    folder: Annotated[str | None, typer.Argument(help="The folder's name; or --set.")] = None,
    sets: SetIds = None,
    checkpoint: Annotated[str | None, typer.Option(help="The default one if not given.")] = None,
    method: Annotated[Method, typer.Option(help="How to cluster.")] = Method.hdbscan,
    umap_dimensions: Annotated[int, typer.Option(help="0 clusters without a UMAP.")] = 5,
    n_neighbors: Annotated[int | None, typer.Option(help="UMAP: neighbours.")] = None,
    min_cluster_size: Annotated[int | None, typer.Option(help="HDBSCAN: smallest group.")] = None,
    min_samples: Annotated[int | None, typer.Option(help="HDBSCAN: neighbours.")] = None,
    n_clusters: Annotated[
        int | None, typer.Option("--n-clusters", "-n", help="Others: how many.")
    ] = None,
    linkage: Annotated[Linkage | None, typer.Option(help="Agglomerative: linkage.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of UMAP and k-means.")] = None,
    stability_seeds: Annotated[int | None, typer.Option(help="Repeat with more seeds.")] = None,
    agree_with: Annotated[str | None, typer.Option(help="Another checkpoint.")] = None,
    job_id: Annotated[str | None, typer.Option(help="Name of the result.")] = None,
    write_field: Annotated[str | None, typer.Option(help="FiftyOne field to write.")] = None,
    as_json: Json = False,
) -> None:
    """Cluster a folder or chosen embedding sets; the same request is computed only once."""
    from audio_assets.analysis.clustering.job import default_job_id
    from audio_assets.analysis.clustering.parameters import ClusteringRequest
    from audio_assets.analysis.clustering.selection import selected_sets
    from audio_assets.home import Home
    from audio_assets.orchestration.clustering_job import execute_clustering

    settings = load_settings()
    home = Home.of(settings).ensure()
    given = {
        "folder": folder, "embedding_sets": sets, "checkpoint": checkpoint, "method": method.value,
        "n_neighbors": n_neighbors, "min_cluster_size": min_cluster_size,
        "min_samples": min_samples, "n_clusters": n_clusters,
        "linkage": linkage.value if linkage else None, "seed": seed,
        "stability_seeds": stability_seeds, "agree_with": agree_with,
        "umap_dimensions": umap_dimensions,
    }  # fmt: skip
    request = ClusteringRequest.of({k: v for k, v in given.items() if v is not None})
    job_id = job_id or default_job_id(request, selected_sets(home, request))
    result = execute_clustering(home, request, job_id, settings)
    report = {**result.report, "assignments_file": str(result.assignments_file)}
    if write_field is not None:
        from audio_assets.explore.clustering_field import write_clustering

        rows = result.assignments()
        report["written"] = write_clustering(home, rows, result.job_id, write_field)
    print(json.dumps(report, ensure_ascii=False) if as_json else clustering_text(report))


def compare(
    folder: Annotated[str | None, typer.Argument(help="The folder's name.")] = None,
    checkpoint: Annotated[
        list[str] | None, typer.Option(help="A checkpoint; give two or more.")
    ] = None,
    sets: SetIds = None,
    k: Annotated[int, typer.Option("-k", help="Neighbours.")] = 20,
    as_json: Json = False,
) -> None:
    """Compare checkpoints over one folder; or, with two --set, find their closest windows."""
    from audio_assets.errors import UsageError

    if sets:
        from audio_assets.comparing import nearest_between
        from audio_assets.home import Home
        from audio_assets.summary import columns

        if len(sets) != 2 or folder or checkpoint:
            raise UsageError("Give exactly two --set and nothing else, or a folder.")
        rows = nearest_between(Home.of(load_settings()), *sets, k=k)
        table = [[f"{r['score']:.4f}", r["first"], r["second"]] for r in rows]
        print(json.dumps({"pairs": rows}) if as_json else columns(["score", *sets], table))
        return
    if folder is None:
        raise UsageError("Name a folder and two checkpoints, or two embedding sets with --set.")
    from audio_assets.comparing import compare as measure

    report = measure(folder, checkpoint or [], k=k)
    print(json.dumps(report, ensure_ascii=False) if as_json else comparison_text(report))


def clustering_text(report: dict[str, Any]) -> str:
    """A clustering for people."""
    from audio_assets.summary import columns

    rows = [
        [
            c["cluster"], c["size"], c["medoid"]["path"], f"{c['medoid']['start_s']:.1f}",
            ", ".join(f"{name} {n}" for name, n in c["labels"].items()),
        ]
        for c in report["clusters"]
    ]  # fmt: skip
    lines = [
        f"{report['job_id']}: {report['windows']} windows, {len(rows)} clusters, "
        f"{100 * report['noise']['share']:.1f} % noise",
        columns(["cluster", "size", "medoid", "from", "labels"], rows),
    ]
    for name in ("quality", "labels", "stability", "agreement"):
        told = {k: v for k, v in (report[name] or {}).items() if v is not None and v != {}}
        if told:
            lines.append(f"{name}: " + ", ".join(f"{k} {_short(v)}" for k, v in told.items()))
    lines += [f"written to {n} samples of {f}" for f, n in report.get("written", {}).items()]
    return "\n".join([*lines, f"assignments: {report['assignments_file']}"])


def comparison_text(report: dict[str, Any]) -> str:
    """A comparison for people."""
    from audio_assets.summary import columns

    rows = [
        [
            name, side["dim"], side["windows"], _short(side["knn_accuracy"]),
            _short(side["precision_at_k"]),
            *(_short(_labels_of(side).get(m)) for m in ("ari", "nmi", "purity")),
        ]
        for name, side in report["checkpoints"].items()
    ]  # fmt: skip
    header = ["checkpoint", "dim", "windows", "5-nn accuracy", f"precision@{report['k']}",
              "cluster ARI", "NMI", "purity"]  # fmt: skip
    lines = [
        f"{report['folder']}: {report['windows']} windows of {report['recordings']} recordings "
        "in common",
        columns(header, rows),
    ]
    for pair in report["pairs"]:
        lines.append(
            f"{' and '.join(pair['checkpoints'])}: {_short(pair['neighbour_overlap'])} of the "
            f"{report['k']} nearest windows in common (chance {_short(pair['chance_overlap'])}), "
            f"ARI of their clusters {_short(pair['cluster_ari'])}"
        )
    return "\n".join(lines)


def _labels_of(side: dict[str, Any]) -> dict[str, Any]:
    return (side["clusters"] or {}).get("labels") or {}


def _short(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
