"""JSON schemas of the parts of KubeRay's objects that we write; other fields are refused.

The names and types are those of KubeRay's custom resources, `ray.io/v1`. Pods are left to
Kubernetes' own schema.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 0}
POD = {"type": "object", "required": ["spec"]}
START = {"type": "object", "additionalProperties": {"type": "string"}}


def _closed(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


RAY_CLUSTER_SPEC = _closed(
    {
        "rayVersion": TEXT,
        "enableInTreeAutoscaling": {"type": "boolean"},
        "headGroupSpec": _closed({"rayStartParams": START, "template": POD}, ["template"]),
        "workerGroupSpecs": {
            "type": "array",
            "minItems": 1,
            "items": _closed(
                {
                    "groupName": TEXT,
                    "replicas": COUNT,
                    "minReplicas": COUNT,
                    "maxReplicas": COUNT,
                    "rayStartParams": START,
                    "template": POD,
                },
                ["groupName", "minReplicas", "maxReplicas", "template"],
            ),
        },
    },
    ["headGroupSpec"],
)
RAY_JOB = _closed(
    {
        "entrypoint": TEXT,
        "submissionMode": {"enum": ["K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"]},
        "backoffLimit": COUNT,
        "shutdownAfterJobFinishes": {"type": "boolean"},
        "ttlSecondsAfterFinished": COUNT,
        "rayClusterSpec": {"type": "object"},
    },
    ["entrypoint", "rayClusterSpec"],
)
