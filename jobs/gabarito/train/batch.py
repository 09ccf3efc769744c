"""Rows as tensors: one behind another where the model can keep them apart, else padded."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Protocol

import torch

from gabarito.models import CausalModel
from gabarito.train.attention import Rows, Span, rows_of, use_row_attention
from gabarito.train.encode import Row

log = logging.getLogger("gabarito.train")

PROBED_TOKENS = 12
MOST_APART = {torch.float32: 1e-3}
MOST_APART_IN_16_BIT = 0.1
"""Between packed and separate hidden states, of their length, at nine of ten places.

What is rounded in bfloat16 makes 0.02 of SmolLM2-135M's, what leaks from row to row 0.77.
"""

PROBED_SHARE = 0.9

OWN = "sdpa"
"""The attention that stands behind ours where no rows are given: another one is not exchanged."""

ATTENTION_LAYERS = frozenset({"full_attention", "sliding_attention"})
"""Kinds of layers that can keep packed rows apart; convolutions and recurrences cannot."""


@dataclass(frozen=True)
class TrainBatch:
    """Tokens, and what is learned of them.

    ``ids`` and ``positions`` have shape (rows, tokens), a single row where they are packed:
    ``rows`` then tells them apart. The hidden state at ``places``, counted over all of them, is to
    predict ``labels``; both have shape (learned tokens).
    """

    ids: torch.Tensor
    positions: torch.Tensor
    places: torch.Tensor
    labels: torch.Tensor
    rows: Rows | None = None


class Layout(Protocol):
    """How the rows of a batch become tensors."""

    def batch(self, rows: Sequence[Row], device: torch.device) -> TrainBatch:
        """Return rows as one batch."""

    def tokens(self, rows: Iterable[Row]) -> Iterator[int]:
        """Yield how many are computed for the first row, for the first two, and so on."""


@dataclass(frozen=True)
class Padded:
    """Every row as long as the longest; no mask is needed, for padding stands on the right."""

    pad: int

    def batch(self, rows: Sequence[Row], device: torch.device) -> TrainBatch:
        """Return rows as one batch."""
        longest = max(len(row.ids) for row in rows)
        ids = torch.full((len(rows), longest), self.pad, dtype=torch.long)
        places: list[int] = []
        labels: list[int] = []
        for i, row in enumerate(rows):
            ids[i, : len(row.ids)] = torch.tensor(row.ids)
            places += range(i * longest + row.learned_from - 1, i * longest + len(row.ids) - 1)
            labels += row.ids[row.learned_from :]
        positions = torch.arange(longest).expand(len(rows), -1)
        return TrainBatch(
            ids.to(device),
            positions.to(device),
            torch.tensor(places, device=device),
            torch.tensor(labels, device=device),
        )

    def tokens(self, rows: Iterable[Row]) -> Iterator[int]:
        """Yield how many are computed for the first row, for the first two, and so on."""
        longest = accumulate((len(row.ids) for row in rows), max)
        return (count * length for count, length in enumerate(longest, start=1))


@dataclass(frozen=True)
class Packed:
    """One row behind another, without padding; the prefix that most of them share stands once."""

    prefix: tuple[int, ...]

    def batch(self, rows: Sequence[Row], device: torch.device) -> TrainBatch:
        """Return rows as one batch."""
        shared = len(self.prefix)
        ids, positions = list(self.prefix), list(range(shared))
        spans = [Span(0, shared, is_continued=False)] if shared else []
        places: list[int] = []
        labels: list[int] = []
        for row in rows:
            own = shared if self._continues(row) else 0
            before = len(ids) - own  # where the row would begin if it stood there whole
            learned = range(row.learned_from - 1, len(row.ids) - 1)
            places += (at if at < own else before + at for at in learned)
            labels += row.ids[row.learned_from :]
            ids += row.ids[own:]
            positions += range(own, len(row.ids))
            spans.append(Span(before + own, len(ids), is_continued=own > 0))
        return TrainBatch(
            torch.tensor([ids], device=device),
            torch.tensor([positions], device=device),
            torch.tensor(places, device=device),
            torch.tensor(labels, device=device),
            rows_of(spans, shared, device),
        )

    def tokens(self, rows: Iterable[Row]) -> Iterator[int]:
        """Yield how many are computed for the first row, for the first two, and so on."""
        shared = len(self.prefix)
        own = (len(row.ids) - shared * self._continues(row) for row in rows)
        return islice(accumulate(own, initial=shared), 1, None)

    def _continues(self, row: Row) -> bool:
        shared = len(self.prefix)
        return shared < len(row.ids) and row.ids[:shared] == self.prefix


def hidden_states(model: CausalModel, batch: TrainBatch) -> torch.Tensor:
    """Return the last hidden state of every token, of shape (tokens of all rows, width)."""
    options = {} if batch.rows is None else {"rows": batch.rows, "attention_mask": _unmasked(batch)}
    out = model.get_decoder()(
        input_ids=batch.ids, position_ids=batch.positions, use_cache=False, **options
    )
    states: torch.Tensor = out.last_hidden_state
    return states.flatten(0, 1)


def layout_of(model: CausalModel, prefix: Sequence[int], longest: int, pad: int) -> Layout:
    """Return how batches are made for a model: packed if it gives what it gives for rows alone.

    Rows of up to ``longest`` tokens are packed only if every layer is attention that sees that
    far back.
    """
    config = model.config.get_text_config()
    window = getattr(config, "sliding_window", None)
    layers = set(getattr(config, "layer_types", None) or ()) - ATTENTION_LAYERS
    packed = Packed(tuple(prefix))
    is_far_sighted = window is None or longest <= window
    is_plain = model.config._attn_implementation == OWN and not layers
    if is_far_sighted and is_plain and _keeps_apart(model, packed):
        return packed
    log.info("rows are padded", extra={"base": model.config.model_type})
    return Padded(pad)


@torch.no_grad()
def _keeps_apart(model: CausalModel, packed: Packed) -> bool:
    """Tell whether rows of a batch come out as they do alone, by the attention that it came with.

    That is exchanged only if they do: a model may have attention of its own, or none, and then
    pays no heed to what belongs to whom.
    """
    was_training = model.training
    model.eval()
    words = range(1, PROBED_TOKENS + 1)
    rows = [
        Row((*packed.prefix, *ids), max(1, len(packed.prefix)), "questions")
        for ids in (tuple(words), tuple(reversed(words)), (*words, *words))
    ]
    alone = torch.cat([_alone(model, row) for row in rows]).float()
    try:
        use_row_attention(model)
        together = packed.batch(rows, model.device)
        found = hidden_states(model, together)[together.places].float()
        apart = (found - alone).norm(dim=-1) / alone.norm(dim=-1)
        limit = MOST_APART.get(model.dtype, MOST_APART_IN_16_BIT)
        is_kept = bool(apart.quantile(PROBED_SHARE) <= limit)
    except (TypeError, ValueError):
        is_kept = False
    finally:
        model.train(was_training)
    if not is_kept:
        model.set_attn_implementation(OWN)
    return is_kept


def _alone(model: CausalModel, row: Row) -> torch.Tensor:
    batch = Padded(0).batch([row], model.device)
    return hidden_states(model, batch)[batch.places]


def _unmasked(batch: TrainBatch) -> torch.Tensor:
    """Return a mask that nothing is read of: given one, transformers makes none."""
    return torch.ones(1, 1, 1, 1, dtype=torch.bool, device=batch.ids.device)
