"""What the API server would say of an object: the schemas that Kubernetes and the Gateway API
publish, from their Go modules (``k8s/dev/cluster build schemas``).
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from .helm import Object, built

Schema = dict[str, Any]
ROUTES = "gateway.networking.k8s.io_httproutes.yaml"
PRESERVED = "x-kubernetes-preserve-unknown-fields"


def mistakes(each: Object) -> list[str]:
    """Return what of an object its kind's schema refuses, unknown fields among it."""
    found = validator(each["apiVersion"], each["kind"]).iter_errors(each)
    return [f"{error.json_path}: {error.message}" for error in found]


def is_known(each: Object) -> bool:
    """Tell whether a kind is one of Kubernetes' or of the Gateway API."""
    group = each["apiVersion"].rpartition("/")[0]
    return "." not in group or group.endswith(("authorization.k8s.io", "networking.k8s.io"))


@cache
def validator(api_version: str, kind: str) -> Draft202012Validator:
    """Return the validator of a kind."""
    if api_version == "gateway.networking.k8s.io/v1":
        return Draft202012Validator(closed(_route_schema()))
    definitions = _definitions(api_version)
    for name, definition in definitions.items():
        for known in definition.get("x-kubernetes-group-version-kind", ()):
            if known["kind"] == kind and f"{known['group']}/{known['version']}".lstrip("/") == (
                api_version
            ):
                components = {"components": {"schemas": definitions}}
                return Draft202012Validator({"$ref": f"#/components/schemas/{name}", **components})
    message = f"{api_version} {kind}: no schema"
    raise KeyError(message)


def closed(node: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Refuse the fields that a schema does not name: the API server drops them with a warning."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: closed(value) for key, value in node.items()}
    is_map = "additionalProperties" in node or node.get(PRESERVED)
    if isinstance(node.get("properties"), dict) and node.get("type") == "object" and not is_map:
        made["additionalProperties"] = False
    return made


@cache
def _definitions(api_version: str) -> dict[str, Schema]:
    group = api_version.replace("/", "__")
    name = f"api__{group}" if "/" not in api_version else f"apis__{group}"
    text = (_folder() / f"{name}_openapi.json").read_text(encoding="utf-8")
    definitions: dict[str, Schema] = closed(json.loads(text)["components"]["schemas"])
    return definitions


def _route_schema() -> Schema:
    crd = yaml.safe_load((_folder() / ROUTES).read_text(encoding="utf-8"))
    for version in _served(crd):
        schema: Schema = version["schema"]["openAPIV3Schema"]
        schema["properties"]["metadata"] = {PRESERVED: True, "type": "object"}
        return schema
    message = f"{ROUTES}: no version v1"
    raise KeyError(message)


def _served(crd: Object) -> Iterator[Object]:
    return (each for each in crd["spec"]["versions"] if each["name"] == "v1" and each["served"])


def _folder() -> Path:
    folder = built() / "schemas"
    if not folder.exists():
        message = f"no schemas in {folder}; run k8s/dev/cluster build schemas"
        raise FileNotFoundError(message)
    return folder
