"""What an API server says of a JobSet, by the CRD that k8s/dev fetches."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from .helm import Object

VERSION = "v1alpha2"
OPEN = "x-kubernetes-preserve-unknown-fields"


def job_set_schema() -> Object:
    """Return the CRD's schema, closed as strict validation by an API server is.

    Raises:
        FileNotFoundError: if the CRD was not fetched.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(os.environ.get("CLUSTER_BIN") or f"{cache}/gabarito-cluster/bin") / "jobset-crd"
    if not path.exists():
        message = f"no {path}; run k8s/dev/cluster build jobset-crd"
        raise FileNotFoundError(message)
    crd = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    (version,) = (each for each in crd["spec"]["versions"] if each["name"] == VERSION)
    schema: Object = _closed(version["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


def violations_of(body: Object, schema: Object) -> Iterator[str]:
    """Yield what the schema forbids of a JobSet."""
    for error in jsonschema.Draft7Validator(schema).iter_errors(body):
        yield f"{error.json_path}: {error.message}"


def _closed(node: Any) -> Any:  # noqa: ANN401  # any JSON value
    if isinstance(node, list):
        return [_closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    closed = {key: _closed(value) for key, value in node.items()}
    is_object = node.get("type") == "object" and "properties" in node
    if is_object and not node.get(OPEN) and "additionalProperties" not in node:
        closed["additionalProperties"] = False
    return closed
