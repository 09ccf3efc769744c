"""Ask as openai's package does: whole, streamed, by completions; list and get models."""

import json
import sys

from openai import NotFoundError, OpenAI
from openai.types.chat import ChatCompletionMessageParam

url, question = sys.argv[1:]
client = OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0)
model = client.models.list().data[0].id
assert client.models.retrieve(model).id == model
messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": question}]

whole = client.chat.completions.create(
    model=model,
    messages=messages,
    logprobs=True,
    metadata={},
    modalities=["text"],
    n=1,
    parallel_tool_calls=False,
    reasoning_effort="low",
    service_tier="auto",
    store=False,
    tool_choice="none",
    tools=[],
    user="a person",
)
assert whole.choices[0].logprobs
assert whole.choices[0].logprobs.content
assert whole.usage
assert whole.usage.total_tokens > 0
extra = whole.choices[0].model_extra
assert extra
assert extra["gabarito"]["known"] in (True, False)

stream = client.chat.completions.create(
    model=model,
    messages=messages,
    stream=True,
    stream_options={"include_usage": True, "include_obfuscation": False},
)
chunks = list(stream)
pieces = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
assert chunks[-1].usage
assert chunks[-1].usage.total_tokens == whole.usage.total_tokens

assert client.completions.create(model=model, prompt=question, max_tokens=4).choices[0].text
code: str | None = ""
try:
    client.chat.completions.create(model="another", messages=messages)
except NotFoundError as error:
    code = error.code
assert code == "model_not_found"

print(json.dumps([whole.choices[0].message.content, "".join(pieces)]))
