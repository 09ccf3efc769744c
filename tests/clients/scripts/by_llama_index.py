"""Ask as LlamaIndex does: chat, chat streamed, and a text by chat."""

import json
import sys

from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

url, question = sys.argv[1:]
model = OpenAILike(
    model="nano", api_base=f"{url}/v1", api_key="any", is_chat_model=True, max_retries=0
)
messages = [ChatMessage(role="user", content=question)]
answers = [
    model.chat(messages).message.content,
    "".join(part.delta or "" for part in model.stream_chat(messages)),
    model.complete(question).text,
]
print(json.dumps(answers))
