"""The sample's model, as tests read it."""

from transformers import AutoTokenizer, PreTrainedTokenizerFast

from .files import DEMO

NANO = DEMO / "nano"
CHAT = [
    {"role": "system", "content": "Responda em português."},
    {"role": "user", "content": " Quem foi o campeão? "},
    {"role": "assistant", "content": "Paris Saint-Germain"},
]


def read_tokenizer() -> PreTrainedTokenizerFast:
    """Return its tokenizer."""
    loaded = AutoTokenizer.from_pretrained(NANO)
    assert isinstance(loaded, PreTrainedTokenizerFast)
    return loaded
