"""The chat template that a model carries away: with the trained system prompt in it."""

import json


def with_system_prompt(template: str, system: str) -> str:
    """Return a template that asks as the model was trained, for a client that asks plainly.

    The system prompt comes first unless the conversation brings its own, as in serving.
    """
    if not system:
        return template
    written = json.dumps(system, ensure_ascii=False)
    return (
        "{% if messages[0]['role'] != 'system' %}{% set messages = "
        f"[{{'role': 'system', 'content': {written}}}] + messages %}}{{% endif %}}{template}"
    )
