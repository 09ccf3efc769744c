"""The OpenAPI document of the endpoint, at ``/openapi.json``: requests are as they are read. Pure.

Sources: OpenAPI 3.1, and JSON Schema 2020-12, which it uses.
"""

from functools import cache
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gabarito import __version__
from gabarito.core.proof_records import Proof
from gabarito.serve.fields import NEUTRAL, SAMPLING
from gabarito.serve.request import ChatRequest, CompletionRequest

Schema: TypeAlias = dict[str, Any]

_NULL: Schema = {"type": "null"}
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}

_ERRORS = {
    400: "The request is at fault; `param` names the field.",
    401: "The bearer token is missing or wrong.",
    404: "No model of this name is served.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    429: "Too many questions wait; ask again later.",
    500: "The endpoint is at fault.",
}


@cache
def openapi_document(*, has_base: bool = False) -> Schema:
    """Return the document; ``has_base``: of an endpoint where the base answers, too."""
    asked, definitions = _requests(ChatRequest, CompletionRequest)
    answered = {
        "ChatCompletion": _completion("message", _object(role=_TEXT, content=_TEXT)),
        "Completion": _completion("text", _TEXT),
        "About": _about(),
        "Proof": Proof.model_json_schema(),
        "Model": _object(id=_TEXT, object=_TEXT, created=_COUNT, owned_by=_TEXT, root=_TEXT),
        "ModelList": _object(object=_TEXT, data=_list(_ref("Model"))),
        "Served": _object(
            model=_TEXT,
            digest=_or_null(_TEXT),
            threshold=_or_null({"type": "number"}),
            facts=_or_null(_COUNT),
            base={"type": "boolean"},
            verdict=_or_null({"type": "object"}),
        ),
        "Ready": _object(model=_TEXT, names=_list(_TEXT), digest=_or_null(_TEXT)),
        "Error": _object(
            error=_object(message=_TEXT, type=_TEXT, param=_or_null(_TEXT), code=_TEXT)
        ),
    }
    chat = _posted(asked["ChatRequest"], "ChatCompletion", "Ask.")
    base = _posted(asked["ChatRequest"], "ChatCompletion", "Ask the base, before its training.")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gabarito",
            "version": __version__,
            "description": "Questions to a model that knows some documents, and says so when it "
            "does not know.",
        },
        "paths": {
            "/v1/chat/completions": chat,
            **({"/v1/base/chat/completions": base} if has_base else {}),
            "/v1/completions": _posted(
                asked["CompletionRequest"], "Completion", "Continue a text as it stands."
            ),
            "/v1/models": _got("The names of the model.", _json("ModelList"), 401, 500),
            "/v1/models/{name}": {
                "parameters": [{"name": "name", "in": "path", "required": True, "schema": _TEXT}],
                **_got("The model of one name.", _json("Model"), 401, 404, 500),
            },
            "/v1/gabarito": _got(
                "What is served, and what its gate said.", _json("Served"), 401, 500
            ),
            "/health": _probe("Whether the engine lives.", {"text/plain": {"schema": _TEXT}}),
            "/ready": _probe("Whether questions are answered.", _json("Ready")),
            "/metrics": _open("Figures for Prometheus.", {"text/plain": {"schema": _TEXT}}),
            "/openapi.json": _open("This document.", {"application/json": {}}),
        },
        "components": {
            "schemas": {**definitions, **answered},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _requests(*kinds: type[BaseModel]) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return a reference to each request's schema by its name, and all that they refer to."""
    found, top = models_json_schema(
        [(kind, "validation") for kind in kinds], ref_template="#/components/schemas/{model}"
    )
    definitions: dict[str, Schema] = top["$defs"]
    for kind in kinds:
        definitions[kind.__name__]["properties"] |= _others()
    for schema in definitions.values():
        required = schema.get("required", [])
        for name, of_field in schema["properties"].items():
            if name not in required:
                schema["properties"][name] = _or_null(of_field)
    return {kind.__name__: found[kind, "validation"] for kind in kinds}, definitions


def _others() -> dict[str, Schema]:
    """Return the schemas of fields that are not served: what they may hold all the same."""
    neutral: dict[str, Schema] = {
        name: {"enum": list(values)} if values else {"not": {}} for name, values in NEUTRAL.items()
    }
    return neutral | {
        name: {"type": "number"} if values else {} for name, values in SAMPLING.items()
    }


def _posted(asked: Schema, answered: str, summary: str) -> Schema:
    content = {
        **_json(answered),
        "text/event-stream": {"schema": _TEXT},
    }
    operation = {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": asked}}},
        "responses": {"200": _said("The answer.", content), **_errors(*_ERRORS)},
        "security": [{}, {"token": []}],
    }
    return {"post": operation}


def _got(summary: str, content: Schema, *errors: int) -> Schema:
    responses = {"200": _said("As asked.", content), **_errors(*errors)}
    operation = {"summary": summary, "responses": responses, "security": [{}, {"token": []}]}
    return {"get": operation}


def _probe(summary: str, content: Schema) -> Schema:
    responses = {"200": _said("It does.", content), "503": _said("It does not.", content)}
    return {"get": {"summary": summary, "responses": responses}}


def _open(summary: str, content: Schema) -> Schema:
    return {"get": {"summary": summary, "responses": {"200": _said("As asked.", content)}}}


def _completion(field: str, schema: Schema) -> Schema:
    choice = _object(
        index=_COUNT,
        finish_reason=_TEXT,
        gabarito=_ref("About"),
        **{field: schema},
    )
    usage = _object(prompt_tokens=_COUNT, completion_tokens=_COUNT, total_tokens=_COUNT)
    return _object(
        id=_TEXT,
        object=_TEXT,
        created=_COUNT,
        model=_TEXT,
        system_fingerprint=_or_null(_TEXT),
        choices=_list(choice),
        usage=usage,
    )


def _about() -> Schema:
    """Return what a choice says that no other endpoint does."""
    about = _object(
        probability=_or_null({"type": "number", "minimum": 0, "maximum": 1}),
        known={"type": "boolean"},
        verified=_or_null({"type": "boolean"}),
        proof=_or_null(_ref("Proof")),
    )
    about["properties"] |= {
        "answer": _TEXT | {"description": "The answer alone, where something follows it."},
        "digest": _TEXT,
        "left_aside": {
            "type": "object",
            "properties": {"earlier_messages": _COUNT, "system_prompts": _COUNT},
        },
        "unread": _list(_TEXT) | {"description": "Fields that are not known here."},
    }
    return about


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _errors(*statuses: int) -> Schema:
    return {str(status): _said(_ERRORS[status], _json("Error")) for status in statuses}


def _said(description: str, content: Schema) -> Schema:
    return {"description": description, "content": content}


def _json(name: str) -> Schema:
    return {"application/json": {"schema": _ref(name)}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NULL]}
