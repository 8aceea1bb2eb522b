"""Fill a template of this directory: `python deploy/kubernetes/render.py rayjob`."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).resolve().parent
TEMPLATES = ("raycluster", "rayjob")


def render(template: str, values: dict[str, Any] | None = None) -> str:
    """Render one template.

    Args:
        template: one of `TEMPLATES`.
        values: win over those of `values.yaml`; mappings are merged one level deep.

    Returns:
        YAML, one Kubernetes object.

    Raises:
        ValueError: a value that `values.yaml` does not have.
    """
    known = yaml.safe_load((HERE / "values.yaml").read_text("utf-8"))
    for name, value in (values or {}).items():
        if name not in known:
            raise ValueError(f"{name!r} is no value of the templates; known: {', '.join(known)}.")
        known[name] = {**known[name], **value} if isinstance(known[name], dict) else value
    environment = Environment(  # noqa: S701 - YAML, not HTML; every text passes through tojson
        loader=FileSystemLoader(HERE), undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(f"{template}.yaml.jinja").render(known, quote=shlex.quote)


def main() -> None:
    """Read the command line and print the object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("template", choices=TEMPLATES)
    parser.add_argument("--values", type=Path, help="YAML file of values that differ")
    args = parser.parse_args()
    values = yaml.safe_load(args.values.read_text("utf-8")) if args.values else {}
    print(render(args.template, values), end="")


if __name__ == "__main__":
    main()
