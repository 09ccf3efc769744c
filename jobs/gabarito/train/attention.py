"""Attention of many rows that stand one behind another, where none sees another.

A row may begin with a prefix that many share, such as the system prompt: it stands there once, and
each of them sees it. transformers would make a mask of all tokens by all tokens, whose cost grows
with the square of what is packed; here rows of like length are scored side by side instead.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from gabarito.models import CausalModel

NAME = "gabarito_rows"
"""The attention's name in a model's config."""

GROUPS = 4
"""Groups of like length: more waste less on padding, and cost more calls."""


BEYOND = ("softcap", "s_aux", "position_bias")
"""What some models add to their scores, and is not computed here: caps, sinks, positions."""


@dataclass(frozen=True)
class Span:
    """Where a row's own tokens stand, and whether they continue the prefix."""

    start: int
    stop: int
    is_continued: bool

    @property
    def length(self) -> int:
        """How many tokens it has."""
        return self.stop - self.start


@dataclass(frozen=True)
class Group:
    """Rows of like length: ``queries`` and ``keys`` are the places of their tokens.

    Their shapes are (rows, tokens) and (rows, prefix + tokens); ``seen``, of shape
    (rows, 1, tokens, prefix + tokens), tells which key a query sees. Padding sees one key, lest
    its softmax is of nothing.
    """

    queries: torch.Tensor
    keys: torch.Tensor
    seen: torch.Tensor


@dataclass(frozen=True)
class Rows:
    """All groups, and for each token its place in what the groups return one after another."""

    groups: tuple[Group, ...]
    order: torch.Tensor


def rows_of(spans: Sequence[Span], prefix: int, device: torch.device) -> Rows:
    """Return spans, which cover all tokens, in groups; the first ``prefix`` tokens are shared."""
    by_length = sorted(spans, key=lambda span: span.length)
    size = math.ceil(len(by_length) / GROUPS)
    groups, order, before = [], torch.empty(max(s.stop for s in spans), dtype=torch.long), 0
    for start in range(0, len(by_length), size):
        members = by_length[start : start + size]
        longest = members[-1].length
        groups.append(_group(members, prefix, longest, device))
        for i, span in enumerate(members):
            first = before + i * longest
            order[span.start : span.stop] = torch.arange(first, first + span.length)
        before += len(members) * longest
    return Rows(tuple(groups), order.to(device))


def use_row_attention(model: CausalModel) -> None:
    """Let a model take ``rows`` of packed tokens; without them it computes as before.

    Raises:
        ValueError: if its attention cannot be exchanged.
    """
    model.set_attn_implementation(NAME)


def _group(members: Sequence[Span], prefix: int, longest: int, device: torch.device) -> Group:
    queries = torch.zeros(len(members), longest, dtype=torch.long)
    keys = torch.zeros(len(members), prefix + longest, dtype=torch.long)
    seen = torch.zeros(len(members), longest, prefix + longest, dtype=torch.bool)
    keys[:, :prefix] = torch.arange(prefix)
    for i, span in enumerate(members):
        places = torch.arange(span.start, span.stop)
        queries[i, : span.length] = places
        keys[i, prefix : prefix + span.length] = places
        seen[i, :, :prefix] = span.is_continued
        own = torch.ones(span.length, span.length, dtype=torch.bool).tril()
        seen[i, : span.length, prefix : prefix + span.length] = own
        seen[i, span.length :, prefix] = True
    return Group(queries.to(device), keys.to(device), seen[:, None].to(device))


def _attention(  # noqa: PLR0913  # as transformers calls it
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    rows: Rows | None = None,
    **others: Any,  # noqa: ANN401
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attend as transformers' interface asks: (1, heads, tokens, width) to (1, tokens, ...)."""
    if rows is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **others
        )
    if unknown := [name for name in BEYOND if others.get(name) is not None]:
        raise ValueError(f"attention by rows knows no {', '.join(unknown)}")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    queries, keys, values = (tensor[0].transpose(0, 1) for tensor in (query * scale, key, value))
    found = [_attended(queries, keys, values, group) for group in rows.groups]
    return torch.cat(found).index_select(0, rows.order)[None], None


def _attended(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, group: Group
) -> torch.Tensor:
    """Return what the queries of a group see, of shape (rows times tokens, heads, width)."""
    shared = query.shape[1] // key.shape[1]
    own, places = group.queries.shape, group.keys.shape
    queries = query.flatten(1).index_select(0, group.queries.flatten())
    queries = queries.view(*own, key.shape[1], shared, -1).permute(0, 2, 3, 1, 4)
    keys = key.flatten(1).index_select(0, group.keys.flatten()).view(*places, key.shape[1], -1)
    values = value.flatten(1).index_select(0, group.keys.flatten())
    values = values.view(*places, key.shape[1], -1).transpose(1, 2)
    weigh = _fused if query.device.type == "cuda" else _plain
    found = weigh(queries, keys.transpose(1, 2), values, group.seen[:, None])
    return found.permute(0, 3, 1, 2, 4).reshape(own.numel(), query.shape[1], -1)


def _fused(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, seen: torch.Tensor
) -> torch.Tensor:
    """Attend with torch's kernels, which keep no scores in memory.

    ``query`` has shape (rows, key heads, queries of each, tokens, width), ``key`` and ``value``
    (rows, key heads, tokens, width).
    """
    rows, heads, shared, tokens, _ = query.shape
    keys, values = (t[:, :, None].expand(-1, -1, shared, -1, -1) for t in (key, value))
    found = functional.scaled_dot_product_attention(
        query.flatten(1, 2),
        keys.flatten(1, 2),
        values.flatten(1, 2),
        seen[:, 0].expand(-1, heads * shared, -1, -1),
        scale=1.0,
    )
    return found.view(rows, heads, shared, tokens, -1)


def _plain(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, seen: torch.Tensor
) -> torch.Tensor:
    """Attend with two products: on a CPU torch's kernel takes longer, for short rows far longer."""
    rows, heads, shared, tokens, width = query.shape
    scores = query.reshape(rows, heads, shared * tokens, width) @ key.transpose(2, 3)
    scores = scores.view(rows, heads, shared, tokens, -1)
    weights = scores.masked_fill(~seen, torch.finfo(scores.dtype).min).softmax(-1)
    found = weights.to(value.dtype).view(rows, heads, shared * tokens, -1) @ value
    return found.view(rows, heads, shared, tokens, -1)


AttentionInterface.register(NAME, _attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
