"""How long a text a model answers as in training, where every layer is given all of it."""

from transformers import PreTrainedConfig

SLIDING = "sliding_attention"


def context_length(config: PreTrainedConfig) -> int:
    """Return how many tokens a model may be given by llama.cpp.

    It has no windows in the architectures that are written for it: up to the length of a window,
    a layer that has one sees the same.
    """
    length = int(config.max_position_embeddings)
    window = getattr(config, "sliding_window", None)
    is_windowed = SLIDING in (getattr(config, "layer_types", None) or (SLIDING,))
    return min(length, window) if window and is_windowed else length
