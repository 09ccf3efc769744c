"""values.schema.json: of the pipeline from the settings models, of the rest from values.yaml.

Draft 7, which every Helm from 3.0 on knows; closed, so that a typing error is refused.
"""

import json
from collections.abc import Sequence
from typing import Any

from gabarito.controller.config import ControllerConfig
from gabarito.pipeline.schema import Pipeline
from gabarito.pipeline.stages import STAGES

from .values import Value

Schema = dict[str, Any]
DRAFT = "http://json-schema.org/draft-07/schema#"
TYPES = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}
RENAMED = {
    (): {"conductor": "controller"},
    ("serviceAccount",): {"conductor": "controller"},
    ("stages", "serve"): {"rollout": "strategy"},
}
"""Values by their section under an earlier name: their schema is a text that nobody writes, so that
helm's message, which quotes it, says what they are called now.
"""
STAGE: Schema = {"$ref": "#/definitions/stage"}
STRINGS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
NAME: Schema = {"type": "string", "minLength": 1}
ENV: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name"],
        "additionalProperties": False,
        "properties": {"name": NAME, "value": {"type": "string"}, "valueFrom": {"type": "object"}},
    },
}
QUANTITIES: Schema = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
IN_A_BUCKET: Schema = {
    "required": ["pipelineFrom"],
    "properties": {
        "pipelineFrom": {"required": ["url"], "properties": {"url": {"minLength": 1}}},
    },
}
"""Values with a pipeline file of which the chart knows the name alone."""

DEFINITIONS: dict[str, Schema] = {
    "strings": STRINGS,
    "objects": {"type": "array", "items": {"type": "object"}},
    "named": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": NAME},
        },
    },
    "env": ENV,
    "sidecars": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": NAME, "env": ENV},
        },
    },
    "digests": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            image: {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
            for image in ("ingest", "generate", "train", "serve")
        },
    },
    "global": {
        "type": "object",
        "properties": {
            "imageRegistry": {"type": "string"},
            "imagePullSecrets": {
                "type": "array",
                "items": {"anyOf": [NAME, {"type": "object", "required": ["name"]}]},
            },
        },
    },
    "hostAliases": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["ip", "hostnames"],
            "additionalProperties": False,
            "properties": {"ip": NAME, "hostnames": {"type": "array", "items": NAME}},
        },
    },
    "dnsConfig": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "nameservers": {"type": "array", "items": NAME},
            "searches": {"type": "array", "items": NAME},
            "options": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"name": NAME, "value": {"type": "string"}},
                },
            },
        },
    },
    "ports": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 65535}},
    "resources": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "requests": QUANTITIES,
            "limits": QUANTITIES,
            "claims": {"type": "array", "items": {"type": "object"}},
        },
    },
    "gpu": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "count": {"type": "integer", "minimum": 0},
            "resource": NAME,
        },
    },
    "scratch": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"sizeLimit": {"type": "string"}, "claim": {"type": "object"}},
    },
}


def schema_text(values: Sequence[Value]) -> str:
    """Return the file's text."""
    pipeline = settings_schema(Pipeline.model_json_schema())
    inner = pipeline.pop("definitions")
    section = _section(values, ())
    stage = section["properties"].pop("stageDefaults")
    of_all = {"allOf": [STAGE], "required": stage.pop("required")}
    stages = {name: _stage(values, name, stage) for name in (*STAGES, "serve")}
    section["properties"] |= {"stageDefaults": of_all, "stages": _closed(stages, *stages)}
    definitions = {**DEFINITIONS, "retries": _retries(), "stage": stage, "Pipeline": pipeline}
    named = {name: pipeline["properties"][name] for name in ("name", "channel")}
    definitions["PipelineName"] = _closed(named, "name")
    schema = {
        "$schema": DRAFT,
        **section,
        "required": [*section["required"], "pipeline"],
        "if": IN_A_BUCKET,
        "then": {"properties": {"pipeline": {"$ref": "#/definitions/PipelineName"}}},
        "else": {"properties": {"pipeline": {"$ref": "#/definitions/Pipeline"}}},
        "definitions": {**definitions, **inner},
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def settings_schema(node: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Say in draft 7 what pydantic says in 2020-12."""
    if isinstance(node, list):
        return [settings_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    said = {"$defs": "definitions", "prefixItems": "items"}
    node = {
        said.get(key, key): settings_schema(value)
        for key, value in node.items()
        if not (key == "discriminator" and "oneOf" in node)  # a word of OpenAPI
    }
    if "$ref" in node:
        node["$ref"] = str(node["$ref"]).replace("#/$defs/", "#/definitions/")
    return node


def _retries() -> Schema:
    schema: Schema = ControllerConfig.model_json_schema()["properties"]["retries"]
    names = schema["propertyNames"]["enum"]
    return _closed({name: schema["additionalProperties"] for name in names})


def _stage(values: Sequence[Value], name: str, common: Schema) -> Schema:
    """What all stages have, and what this one alone has."""
    shared = common["properties"]
    given = _section(values, ("stages", name))
    own = {key: schema for key, schema in given["properties"].items() if key not in shared}
    if not own:
        return STAGE
    needed = [key for key in given["required"] if key in own]
    refs = {key: {"$ref": f"{STAGE['$ref']}/properties/{key}"} for key in shared}
    return _closed(refs | own, *needed)


def _section(values: Sequence[Value], path: tuple[str, ...]) -> Schema:
    below = [value for value in values if value.path[:-1] == path]
    properties = {value.path[-1]: _schema(values, value) for value in below}
    properties |= {old: _renamed(new) for old, new in RENAMED.get(path, {}).items()}
    return _closed(properties, *(value.path[-1] for value in below if value.is_needed))


def _renamed(name: str) -> Schema:
    return {"deprecated": True, "const": f"left out; it is called {name} now"}


def _closed(properties: dict[str, Schema], *required: str) -> Schema:
    """A map with these keys only; null takes a default away, so what must stay is required."""
    closed = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**closed, "required": [*required]}


def _schema(values: Sequence[Value], value: Value) -> Schema:
    if not value.is_leaf:
        return _section(values, value.path)
    said = value.schema or {}
    typed = {} if "$ref" in said or "type" in said else {"type": TYPES[type(value.default)]}
    return {"description": value.sentence, **typed, **said}
