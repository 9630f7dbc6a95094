"""What lies in deploy/: flags that exist, probes that are answered, and no more rights than are needed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import yaml
from serving import serving

from sro.apps.serve.keys import digest
from sro.apps.serve.settings import Service
from sro.core.config import parse

DEPLOY = Path(__file__).parents[2] / "deploy"


def kubernetes() -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}


def pod() -> dict[str, Any]:
    return kubernetes()["Deployment"]["spec"]["template"]["spec"]


def served(arguments: list[str]) -> Service:
    """The settings in `serve …`."""
    assert arguments[0] == "serve"
    flags = [part for argument in arguments[1:] for part in argument.split("=", 1)]
    return parse(Service, flags, prog="sro serve", description="")


def test_the_flags_of_every_file_are_flags_of_the_service() -> None:
    [container] = pod()["containers"]
    assert served(container["args"]).feedback == "postgresql://sro@postgres.example.org/sro"
    command = re.search(r"^CMD \[(.+)\]$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)
    assert command and served([part.strip(' "') for part in command[1].split(",")]).keys == "/data/keys.txt"
    unit = re.search(r"^ExecStart=\S+/sro (.+)$", (DEPLOY / "sro.service").read_text(), re.MULTILINE)
    assert unit and served(shlex.split(unit[1])).host == "127.0.0.1"


def test_the_replicas_share_nothing_but_keys() -> None:
    assert kubernetes()["Deployment"]["spec"]["replicas"] == 2
    kinds = {volume["name"]: next(kind for kind in volume if kind != "name") for volume in pod()["volumes"]}
    assert kinds == {"keys": "secret", "cache": "emptyDir", "tmp": "emptyDir"}
    [container] = pod()["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} == set(kinds)


def test_they_have_no_rights_that_they_do_not_need() -> None:
    [container] = pod()["containers"]
    assert pod()["securityContext"]["runAsNonRoot"] and not pod()["automountServiceAccountToken"]
    rights = container["securityContext"]
    assert rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}
    user = pod()["securityContext"]["runAsUser"]
    assert f"USER {user}\n" in (DEPLOY / "Containerfile").read_text()
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["sro"]
    assert compose["read_only"] and compose["cap_drop"] == ["ALL"]


def test_probes_ask_what_the_service_answers_without_a_key() -> None:
    [container] = pod()["containers"]
    paths = {container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    with serving(keys={digest("secret"): "forum"}, service=Service(host="0.0.0.0", keys="keys.txt")) as client:
        for path in paths:
            assert client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200, path


def test_the_end_has_time_enough() -> None:
    wait = pod()["terminationGracePeriodSeconds"]
    pause = float(pod()["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    assert wait >= pause + Service().time_limit + 6


def test_the_names_in_kubernetes_belong_together() -> None:
    found = kubernetes()
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        found["Deployment"]["spec"]["selector"]["matchLabels"],
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    [container] = pod()["containers"]
    assert found["Service"]["spec"]["ports"][0]["targetPort"] in {port["name"] for port in container["ports"]}
