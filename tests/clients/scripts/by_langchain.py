"""Ask as LangChain does: whole, streamed, with an empty list of tools, in a conversation."""

import json
import sys

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

url, question = sys.argv[1:]
model = ChatOpenAI(model="nano", base_url=f"{url}/v1", api_key="any", max_retries=0)
talk = [
    SystemMessage("You are a helpful assistant."),
    HumanMessage("Hello"),
    AIMessage("How can I help?"),
    HumanMessage(question),
]
answers = [
    model.invoke(question).content,
    "".join(str(chunk.content) for chunk in model.stream(question)),
    model.bind_tools([]).invoke(question).content,
    model.invoke(talk).content,
]
print(json.dumps(answers))
