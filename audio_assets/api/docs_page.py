"""The OpenAPI description as one plain page: no script, no network, nothing to load."""

from __future__ import annotations

import json
from html import escape
from typing import Any

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
code,pre{font:13px/1.45 ui-monospace,monospace;background:#f4f4f6;border-radius:4px}
pre{padding:.7rem;overflow:auto}code{padding:.1rem .3rem}details{border-top:1px solid #ddd;
padding:.5rem 0}summary{cursor:pointer}table{border-collapse:collapse}td{padding:.15rem .8rem
.15rem 0;vertical-align:top}.m{display:inline-block;min-width:4rem;font-weight:700}
h2{margin-top:2rem}
"""


def docs_page(openapi: dict[str, Any]) -> str:
    """A page of all operations.

    Args:
        openapi: the description.

    Returns:
        HTML.
    """
    info = openapi["info"]
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title>",
        f"<style>{STYLE}</style><h1>{escape(info['title'])} {escape(info['version'])}</h1>",
        f"<p>{escape(info.get('description', ''))}</p>",
        '<p>For programs: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>',
    ]
    groups: dict[str, list[str]] = {}
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(path, method, operation))
    for tag, operations in groups.items():
        parts += [f"<h2>{escape(tag)}</h2>", *operations]
    parts.append("<h2>Schemas</h2>")
    for name, schema in sorted(openapi.get("components", {}).get("schemas", {}).items()):
        text = escape(json.dumps(schema, indent=1, ensure_ascii=False))
        parts.append(f"<details><summary>{escape(name)}</summary><pre>{text}</pre></details>")
    return "\n".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code><td>{escape(p['in'])}"
        f"<td>{escape(p.get('description', ''))}"
        for p in operation.get("parameters", [])
    )
    bodies = "".join(
        f"<p>Body <code>{escape(kind)}</code></p><pre>"
        f"{escape(json.dumps(content.get('schema', {}), indent=1, ensure_ascii=False))}</pre>"
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    )
    replies = ", ".join(
        f"<code>{escape(status)}</code> {escape(reply.get('description', ''))}"
        for status, reply in operation.get("responses", {}).items()
    )
    return (
        f"<details><summary><span class=m>{method.upper()}</span> <code>{escape(path)}</code> "
        f"{escape(operation.get('summary', ''))}</summary>"
        f"<p>{escape(operation.get('description', ''))}</p><table>{rows}</table>{bodies}"
        f"<p>Replies: {replies}</p></details>"
    )
