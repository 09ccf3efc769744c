"""What a model thinks aloud before it answers, in the marks of several makers, is no answer."""

import re

_NAMES = "think|thinking|thought|reasoning|reflection"
_MARKED = re.compile(
    rf"<(?P<tag>{_NAMES})>.*?(?:</(?P=tag)>|\Z)"
    r"|\[THINK\].*?(?:\[/THINK\]|\Z)"
    r"|◁think▷.*?(?:◁/think▷|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_END_ALONE = re.compile(rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷", re.IGNORECASE)
"""Some templates open the thoughts in the prompt, so that only their end is in the reply."""

_CHANNEL = re.compile(
    r"<\|channel\|>\s*(\w+)[^<]*<\|message\|>(.*?)(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
"""OpenAI's harmony format, where a server does not take it apart."""


def without_thoughts(text: str) -> str:
    """Return what is answered, without what is thought before it."""
    if "<|channel|>" in text:
        spoken = (match for match in _CHANNEL.finditer(text) if match[1] == "final")
        return "\n".join(match[2] for match in spoken)
    rest = _MARKED.sub("", text)
    ends = list(_END_ALONE.finditer(rest))
    return rest[ends[-1].end() :] if ends else rest
