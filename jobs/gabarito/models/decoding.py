"""Rows that are written side by side, a token of each at every step.

A row may join or leave between two steps; what it says does not depend on its neighbours.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch.nn import functional
from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, DynamicCache
from transformers.cache_utils import LinearAttentionCacheLayerMixin

from gabarito.models.causal_model import CausalModel

Choice = Callable[[torch.Tensor], torch.Tensor]
"""From logits of shape (rows, vocabulary), fp32, to a token of each row."""

_DISTANCES_ALONE = frozenset({"bloom", "mpt"})

Layers = list[tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of each layer, of shape (rows, heads, tokens, width)."""


def greedy(logits: torch.Tensor) -> torch.Tensor:
    """Choose the most probable token of each row."""
    return logits.argmax(-1)


def logprobs(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return the log-probability in nats of a token of each row."""
    chosen = logits.gather(-1, tokens[:, None])[:, 0]
    return chosen - logits.logsumexp(-1)


def keeps_a_state(model: CausalModel) -> bool:
    """Tell whether a layer keeps a state of all that it has read, as in Jamba and LFM2.

    Keys and values can be padded, cut, and copied for another row; a state cannot.
    """
    layers = DynamicCache(config=model.config).layers
    return any(isinstance(layer, LinearAttentionCacheLayerMixin) for layer in layers)


def counts_padding(model: CausalModel) -> bool:
    """Tell whether a model takes no positions and counts padding in its own, as BART's does.

    Those that see distances alone need none: padding moves all that a row has by the same.
    """
    config = model.config
    known: Any = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), type(model))
    takes_positions = "position_ids" in inspect.signature(known.forward).parameters
    return not takes_positions and config.model_type not in _DISTANCES_ALONE


def is_apart(model: CausalModel) -> bool:
    """Tell whether rows of a model are computed one by one, and share no prefix."""
    return keeps_a_state(model) or counts_padding(model)


@dataclass(frozen=True)
class PromptPrefix:
    """Tokens that prompts begin with, and what layers keep of them: computed once for all."""

    ids: tuple[int, ...]
    layers: Layers

    @classmethod
    @torch.inference_mode()
    def of(cls, model: CausalModel, ids: Sequence[int]) -> Self:
        """Compute the prefix of these tokens, at least one."""
        given, cache = torch.tensor([list(ids)], device=model.device), DynamicCache()
        model(input_ids=given, past_key_values=cache, use_cache=True, logits_to_keep=1)
        return cls(tuple(ids), _layers(cache))

    def begins(self, prompt: Sequence[int]) -> bool:
        """Tell whether a prompt begins so and goes on."""
        size = len(self.ids)
        return len(prompt) > size and tuple(prompt[:size]) == self.ids

    def before(self, mask: torch.Tensor) -> Layers:
        """Return what is kept of as many tokens, for prompts padded on the left.

        A shorter prompt has less of it there, and reads the rest of it again: padding between
        the prefix and the rest would stand in the way of layers that see a window of tokens.
        """
        missing = (mask == 0).sum(1, keepdim=True)
        tokens = torch.arange(len(self.ids), device=mask.device)
        order = (tokens[None] - missing).clamp(min=0)[:, None, :, None]
        return [(_ordered(keys, order), _ordered(values, order)) for keys, values in self.layers]


@dataclass
class _Rows:
    """Rows of one length, padded on the left: what is kept of them, and their next tokens.

    ``mask`` is 0 on padding, of shape (rows, tokens); ``positions`` are those of the last token.
    """

    cache: DynamicCache
    mask: torch.Tensor
    positions: torch.Tensor
    logits: torch.Tensor

    @property
    def layers(self) -> Layers:
        """Keys and values of each layer."""
        return _layers(self.cache)

    def beside(self, other: "_Rows") -> "_Rows":
        """Return these rows and, after them, those of ``other``."""
        longest = max(self.mask.shape[1], other.mask.shape[1])
        one, two = self._padded(longest), other._padded(longest)
        layers = [
            (torch.cat([k, key]), torch.cat([v, value]))
            for (k, v), (key, value) in zip(one.layers, two.layers, strict=True)
        ]
        return _Rows(
            DynamicCache(layers),
            torch.cat([one.mask, two.mask]),
            torch.cat([one.positions, two.positions]),
            torch.cat([one.logits, two.logits]),
        )

    def _padded(self, longest: int) -> "_Rows":
        missing = longest - self.mask.shape[1]
        if not missing:
            return self
        layers = [
            (functional.pad(k, (0, 0, missing, 0)), functional.pad(v, (0, 0, missing, 0)))
            for k, v in self.layers
        ]
        mask = functional.pad(self.mask, (missing, 0))
        return _Rows(DynamicCache(layers), mask, self.positions, self.logits)

    def kept(self, places: list[int]) -> "_Rows":
        """Return the rows at these places, without the padding that all of them have."""
        rows = torch.tensor(places, device=self.mask.device)
        mask = self.mask[rows]
        start = int(mask.argmax(1).min())
        layers = [(k[rows, :, start:], v[rows, :, start:]) for k, v in self.layers]
        cache = DynamicCache(layers)
        return _Rows(cache, mask[:, start:], self.positions[rows], self.logits[rows])


class DecodingBatch:
    """Rows that are being written; those that have ended leave it, nothing is computed for them.

    Those of a model that keeps a state, or counts padding, are computed one by one, each from its
    beginning.
    """

    def __init__(self, model: CausalModel, prefix: PromptPrefix | None = None) -> None:
        self.rows: list[int] = []
        """The numbers of the rows, in the order of their tokens."""
        self._model = model
        self._is_apart = is_apart(model)
        self._prefix = None if self._is_apart else prefix
        self._kept: list[_Rows] = []
        self._newcomers: list[_Rows] = []
        self._tokens: torch.Tensor | None = None
        self._joined = 0

    def join(self, prompts: Sequence[Sequence[int]]) -> list[int]:
        """Read prompts, each of at least one token, and return the numbers of their rows.

        Whatever is raised, nobody has joined, and those who are there go on.
        """
        begun = [prefix is not None for prefix in map(self._prefix_of, prompts)]
        order = sorted(range(len(prompts)), key=lambda i: not begun[i])
        groups = [[prompts[i] for i in order if begun[i] == is_begun] for is_begun in (True, False)]
        if self._is_apart:
            read = [self._read([prompt], None) for prompt in prompts]
        else:
            read = [
                self._read(group, prefix)
                for group, prefix in zip(groups, (self._prefix, None), strict=True)
                if group
            ]
        self._newcomers += read
        numbers = [self._joined + i for i in range(len(prompts))]
        self.rows += [numbers[i] for i in order]
        self._joined += len(prompts)
        return numbers

    def step(self, choose: Choice = greedy) -> tuple[list[int], list[float]]:
        """Return the next token of each row and its log-probability in nats."""
        logits = self.logits()
        tokens = choose(logits)
        self.append(tokens)
        return tokens.tolist(), logprobs(logits, tokens).tolist()

    def logits(self) -> torch.Tensor:
        """Return what may come next of each row, of shape (rows, vocabulary), fp32."""
        self._advance()
        for rows in self._newcomers:
            if self._kept and not self._is_apart:
                rows = self._kept.pop().beside(rows)
            self._kept.append(rows)
        self._newcomers = []
        assert self._kept, "nobody has joined"
        return torch.cat([rows.logits for rows in self._kept])

    def append(self, tokens: torch.Tensor) -> None:
        """Go on with a token of each row, of shape (rows)."""
        self._tokens = tokens[:, None]

    def keep(self, places: list[int]) -> None:
        """Go on with the rows at these places of the batch, after a step."""
        if len(places) == len(self.rows):
            return
        self.rows = [self.rows[place] for place in places]
        if not places:
            self._kept, self._tokens = [], None
            return
        if self._is_apart:
            self._kept = [self._kept[place] for place in places]
        else:
            self._kept = [rows.kept(places) for rows in self._kept]
        if self._tokens is not None:
            self._tokens = self._tokens[torch.tensor(places, device=self._tokens.device)]

    def _prefix_of(self, prompt: Sequence[int]) -> PromptPrefix | None:
        return self._prefix if self._prefix and self._prefix.begins(prompt) else None

    def _advance(self) -> None:
        """Read the tokens that were chosen last, where that is not done yet."""
        if self._tokens is None:
            return
        tokens = torch.split(self._tokens, [len(rows.mask) for rows in self._kept])
        self._kept = [self._go_on(*each) for each in zip(self._kept, tokens, strict=True)]
        self._tokens = None

    def _go_on(self, kept: _Rows, tokens: torch.Tensor) -> _Rows:
        mask = torch.cat([kept.mask, kept.mask.new_ones(len(kept.mask), 1)], 1)
        return self._forward(tokens, mask, kept.positions + 1, kept.cache)

    def _read(self, prompts: Sequence[Sequence[int]], prefix: PromptPrefix | None) -> _Rows:
        known = len(prefix.ids) if prefix else 0
        longest = max(map(len, prompts)) - known
        ids, _ = left_padded([prompt[-longest:] for prompt in prompts], self._model.device)
        _, mask = left_padded(prompts, self._model.device)
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, known:]
        cache = self._new_cache(prefix.before(mask) if prefix else None)
        return self._forward(ids, mask, positions, cache)

    def _new_cache(self, layers: Layers | None) -> DynamicCache:
        """Return a cache of kept layers; where rows may join it keeps more than a window."""
        return DynamicCache(config=self._model.config) if self._is_apart else DynamicCache(layers)

    def _forward(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor,
        positions: torch.Tensor,
        cache: DynamicCache,
    ) -> _Rows:
        out = self._model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        return _Rows(cache, mask, positions[:, -1:], out.logits[:, -1].float())


def left_padded(
    prompts: Sequence[Sequence[int]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and mask of shape (prompts, longest prompt); the mask is 0 on padding."""
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    mask = torch.zeros(len(prompts), longest, dtype=torch.long)
    for i, prompt in enumerate(prompts):
        ids[i, longest - len(prompt) :] = torch.tensor(prompt)
        mask[i, longest - len(prompt) :] = 1
    return ids.to(device), mask.to(device)


def _ordered(kept: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    """Return what is kept of one row for each row of ``order``, of shape (rows, 1, tokens, 1)."""
    rows = kept.expand(len(order), -1, -1, -1)
    return rows.gather(2, order.expand(-1, kept.shape[1], -1, kept.shape[3]))


def _layers(cache: Any) -> Layers:  # noqa: ANN401  # transformers' caches have no types
    return [(layer.keys, layer.values) for layer in cache.layers]
