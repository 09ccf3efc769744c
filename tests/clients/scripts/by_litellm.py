"""Ask as LiteLLM does: whole and streamed."""

import json
import sys

import litellm

url, question = sys.argv[1:]
asked = {
    "model": "openai/nano",
    "api_base": f"{url}/v1",
    "api_key": "any",
    "messages": [{"role": "user", "content": question, "cache_control": {"type": "ephemeral"}}],
    "num_retries": 0,
}
whole = litellm.completion(**asked, tools=[], top_k=-1, user="a person")
stream = litellm.completion(**asked, stream=True)
pieces = [chunk.choices[0].delta.content or "" for chunk in stream]
print(json.dumps([whole.choices[0].message.content, "".join(pieces)]))
