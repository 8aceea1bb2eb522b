"""The files under deploy/kubernetes are valid objects, with what this project needs in them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

from audio_assets_tests.unit.serving.ray_objects import RAY_CLUSTER_SPEC, RAY_JOB

DEPLOY = Path(__file__).parents[3] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
VERSION = "1.31"
VARIANTS: dict[str, dict[str, Any]] = {
    "processors": {},
    "gpus": {"workers": {"gpus": 1, "replicas": 4, "maximum": 4}, "precision": "bf16"},
    "buckets": {"s3_secret": "audio-assets-s3", "folder": "/recordings/it's 100 %; rm -rf {{x}}"},
}


def rendered(template: str, values: dict[str, Any]) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("render", KUBERNETES / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return yaml.safe_load(module.render(template, values))


def validate(thing: dict[str, Any]) -> None:
    """Against Kubernetes' own schema, unknown fields refused."""
    kubernetes_validate = pytest.importorskip(
        "kubernetes_validate", reason="pip install kubernetes-validate"
    )
    kubernetes_validate.validate(thing, VERSION, strict=True)


def cluster_of(thing: dict[str, Any]) -> dict[str, Any]:
    return thing["spec"] if thing["kind"] == "RayCluster" else thing["spec"]["rayClusterSpec"]


def pods_of(thing: dict[str, Any]) -> dict[str, dict[str, Any]]:
    cluster = cluster_of(thing)
    groups = {group["groupName"]: group for group in cluster["workerGroupSpecs"]}
    return {name: group["template"]["spec"]
            for name, group in {"head": cluster["headGroupSpec"], **groups}.items()}  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("template", ["raycluster", "rayjob"])
def test_rendered_ray_objects_are_valid(template, variant):
    import jsonschema

    thing = rendered(template, VARIANTS[variant])
    assert thing["apiVersion"] == "ray.io/v1"
    jsonschema.validate(cluster_of(thing), RAY_CLUSTER_SPEC)
    if template == "rayjob":
        jsonschema.validate(thing["spec"], RAY_JOB)
    for name, spec in pods_of(thing).items():
        validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def test_settings_of_the_pods_are_settings_of_the_project():
    from audio_assets.settings import Settings

    known = {f"AUDIO_ASSETS_{name.upper()}" for name in Settings.model_fields}
    files = [yaml.safe_load_all((KUBERNETES / "api.yaml").read_text())]
    specs = [thing["spec"]["template"]["spec"] for thing in files[0] if thing["kind"] != "Service"]
    specs += pods_of(rendered("rayjob", {})).values()
    names = {env["name"] for spec in specs for c in spec["containers"] for env in c["env"]}
    assert {name for name in names if name.startswith("AUDIO_ASSETS_")} <= known


def test_only_workers_compute_and_only_the_head_writes():
    thing = rendered("raycluster", VARIANTS["gpus"])
    pods = pods_of(thing)
    assert cluster_of(thing)["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    mounts = {name: {m["name"] for m in spec["containers"][0]["volumeMounts"]}
              for name, spec in pods.items()}  # fmt: skip
    assert "home" in mounts["head"]
    assert "home" not in mounts["workers"]
    limits = {name: spec["containers"][0]["resources"]["limits"] for name, spec in pods.items()}
    assert limits["workers"]["nvidia.com/gpu"] == 1
    assert "nvidia.com/gpu" not in limits["head"]


def test_a_name_of_a_folder_cannot_add_a_command():
    import shlex

    job = rendered("rayjob", VARIANTS["buckets"])
    assert shlex.split(job["spec"]["entrypoint"])[:3] == [
        "audio-assets",
        "run",
        VARIANTS["buckets"]["folder"],
    ]


def test_ray_is_the_version_of_the_extra():
    import tomllib

    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["ray"]
    version = rendered("raycluster", {})["spec"]["rayVersion"]
    assert any(line == f"ray[data]=={version}" for line in extra)


def test_values_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="'imag' is no value"):
        rendered("rayjob", {"imag": "x"})


@pytest.mark.parametrize("name", ["storage.yaml", "api.yaml"])
def test_plain_objects_are_valid(name):
    for thing in yaml.safe_load_all((KUBERNETES / name).read_text()):
        validate(thing)


@pytest.fixture(scope="module")
def chart() -> dict[str, Any]:
    return yaml.safe_load((KUBERNETES / "dagster-values.yaml").read_text())


def test_dagster_k8s_accepts_the_launcher_of_the_chart(chart):
    pytest.importorskip("dagster_k8s", reason="pip install dagster-k8s")
    from dagster._config import process_config, resolve_to_config_type
    from dagster_k8s.launcher import K8sRunLauncher

    given = chart["runLauncher"]["config"]["k8sRunLauncher"]
    words = {"imagePullPolicy": "image_pull_policy", "failPodOnRunFailure":
             "fail_pod_on_run_failure", "resources": "resources"}  # fmt: skip
    config = {
        **{words[name]: value for name, value in given.items()},
        "service_account_name": "dagster",
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": chart["global"]["postgresqlSecretName"],
        "dagster_home": chart["global"]["dagsterHome"],
        "job_namespace": "audio",
    }
    checked = process_config(resolve_to_config_type(K8sRunLauncher.config_type()), config)
    assert checked.success, checked.errors


def test_volumes_and_environment_of_the_code_server_are_valid_in_a_pod(chart):
    for deployment in chart["dagster-user-deployments"]["deployments"]:
        container = {
            "name": deployment["name"],
            "image": "x",
            "env": deployment["env"],
            "volumeMounts": deployment["volumeMounts"],
            "resources": deployment["resources"],
        }
        spec = {"containers": [container], "volumes": deployment["volumes"]}
        validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": spec})
        home = {env["name"]: env["value"] for env in deployment["env"]}["AUDIO_ASSETS_HOME"]
        assert home == chart["global"]["dagsterHome"], "Dagster's home is the home itself"


def test_the_chart_queues_and_retries_as_the_containers_do(chart):
    ours = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    daemon = chart["dagsterDaemon"]
    queue = daemon["runCoordinator"]["config"]["queuedRunCoordinator"]
    limits = ours["concurrency"]["runs"]["tag_concurrency_limits"]
    assert queue["tagConcurrencyLimits"] == limits
    assert daemon["runRetries"]["maxRetries"] == ours["run_retries"]["max_retries"]
    assert daemon["runRetries"]["retryOnAssetOrOpFailure"] is False


def test_dagster_ray_accepts_its_launcher(monkeypatch):
    pytest.importorskip("dagster_ray", reason="pip install 'audio-assets[ray]'")
    from dagster._config import process_config
    from dagster._core.instance.config import dagster_instance_config_schema

    for name in ("POSTGRES_HOST", "POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_DB"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("RAY_JOBS_ADDRESS", "http://head:8265")
    given = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    given |= yaml.safe_load((DEPLOY / "ray" / "run-launcher.yaml").read_text())
    checked = process_config(dagster_instance_config_schema(), given)
    assert checked.success, checked.errors
    from dagster._config import resolve_to_config_type
    from dagster_ray import RayRunLauncher

    launcher = given["run_launcher"]
    assert (launcher["module"], launcher["class"]) == ("dagster_ray", "RayRunLauncher")
    config = process_config(
        resolve_to_config_type(RayRunLauncher.config_type()), launcher["config"]
    )
    assert config.success, config.errors


def test_mongodb_of_your_own_reaches_every_process_that_uses_it():
    overlay = yaml.safe_load((DEPLOY / "compose.mongodb.yaml").read_text())["services"]
    base = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    users = set(overlay) - {"mongodb"}
    assert users == {"code", "api"} <= set(base)
    assert len({overlay[name]["environment"]["FIFTYONE_DATABASE_URI"] for name in users}) == 1
    assert "?set it" in overlay["code"]["environment"]["FIFTYONE_DATABASE_URI"]
