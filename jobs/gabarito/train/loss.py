"""The loss: cross entropy of the learned tokens, the output layer computed for them alone."""

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from gabarito.models import CausalModel
from gabarito.models.adapter import base_of
from gabarito.train.batch import TrainBatch, hidden_states
from gabarito.train.head import PROBED_TOKENS, LogitRule, logit_rule, unknown_logits

CHUNK_ELEMENTS = 1 << 26
"""Logits in memory at once: 256 MiB in float32."""


class LossModule(nn.Module):
    """Computes the summed loss of a batch, in nats.

    A module of its own, so that accelerate can wrap it for several GPUs.
    """

    def __init__(self, model: CausalModel) -> None:
        """Take a causal language model with its adapter."""
        super().__init__()
        self.model = model
        self._rule = logit_rule(base_of(model))

    def forward(self, batch: TrainBatch) -> torch.Tensor:
        """Return the sum over the learned tokens."""
        causal = base_of(self.model)
        hidden = hidden_states(causal, batch)[batch.places]
        return summed_loss(hidden, batch.labels, causal.get_output_embeddings(), self._rule)


def summed_loss(
    hidden: torch.Tensor, labels: torch.Tensor, head: nn.Module, rule: LogitRule
) -> torch.Tensor:
    """Return the summed cross entropy of ``labels`` given hidden states of shape (tokens, width).

    Logits are made a chunk at a time and once more for the gradient: all of them together, in
    float32, take 12.6 GB for 16 k tokens and 128 k words.
    """
    words = head.get_parameter("weight").shape[0]
    size = max(1, CHUNK_ELEMENTS // words)
    if len(labels) <= size:
        return _chunk_loss(hidden, labels, head, rule)
    losses = [
        checkpoint(_chunk_loss, part, wanted, head, rule, use_reentrant=False)
        for part, wanted in zip(torch.split(hidden, size), torch.split(labels, size), strict=True)
    ]
    return torch.stack(losses).sum()


def _chunk_loss(
    hidden: torch.Tensor, labels: torch.Tensor, head: nn.Module, rule: LogitRule
) -> torch.Tensor:
    logits = rule(head(hidden))
    return functional.cross_entropy(logits.float(), labels, reduction="sum")


@torch.no_grad()
def check_head(model: CausalModel) -> None:
    """Refuse a base whose logits are another thing than the loss is taken of.

    Raises:
        DataError: for such a base.
    """
    ids = torch.arange(PROBED_TOKENS, device=model.device)[None]
    hidden = model.get_decoder()(input_ids=ids, use_cache=False).last_hidden_state
    ours = logit_rule(model)(model.get_output_embeddings()(hidden))
    own = model(input_ids=ids, use_cache=False).logits
    if not torch.allclose(ours.float(), own.float(), rtol=1e-4, atol=1e-4):
        raise unknown_logits(model)
