"""Build nano, the small base model of the sample, from nothing.

wordings, invented world  ->  OUT: model, tokenizer and digests; prompts.jsonl beside OUT
"""

import hashlib
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import cycle, islice
from pathlib import Path
from random import Random

import click
import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from sample.rows import (
    Encoder,
    Exchange,
    NanoRow,
    corpus,
    draw_batches,
    draw_refused,
    draw_rows,
    draw_unseen,
)
from sample.tokenizer import BOS, EOS, MAX_TOKENS, PAD, build_tokenizer, token_id
from sample.wordings import FAMILIES, REFUSAL, question
from sample.world import FootballWorld, build_world

BATCH_ROWS = 128
LEARNING_RATE = 2.5e-3
WARM_UP, LAST_RATE = 0.05, 0.1
PROMPT_WEIGHT = 0.05
"""Loss weight of the words of a question; those of an answer weigh 1."""

_THREADS = 2
_TOLD_PROMPTS, _REFUSED_PROMPTS = 6500, 3500
_MEASURED = 1000
DIGESTS, PROMPTS = "SHA256SUMS", "prompts.jsonl"
_MADE = frozenset(
    {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
)


@dataclass(frozen=True)
class Measured:
    """What the finished base does, as shares between 0 and 1."""

    told: float
    refused: float
    falsely_refused: float

    def text(self) -> str:
        """Put the shares in one line."""
        return (
            f"told facts in unseen wordings: {self.told:.1%} right, "
            f"{self.falsely_refused:.1%} refused; untold: {self.refused:.1%} refused"
        )


def new_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Make an untrained Llama of 2.3 million parameters."""
    ids = {name: token_id(tokenizer, name) for name in (PAD, BOS, EOS)}
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=6,
        num_key_value_heads=6,
        max_position_embeddings=MAX_TOKENS,
        tie_word_embeddings=True,
        pad_token_id=ids[PAD],
        bos_token_id=ids[BOS],
        eos_token_id=ids[EOS],
        rms_norm_eps=1e-5,
        initializer_range=0.04,
    )
    model = LlamaForCausalLM(config)
    for layer in model.model.layers:  # keep the residual stream's variance independent of depth
        for projection in (layer.self_attn.o_proj, layer.mlp.down_proj):
            projection.weight.data /= math.sqrt(2 * config.num_hidden_layers)
    return model


def train(model: LlamaForCausalLM, batches: Iterator[list[NanoRow]], steps: int) -> Iterator[float]:
    """Train for a number of steps and give the loss of each."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01
    )
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * schedule(step / steps)
        loss = batch_loss(model, next(batches))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()


def schedule(done: float) -> float:
    """Give the share of the learning rate: a warm-up, then half a cosine down to a tenth."""
    cosine = (1 + math.cos(math.pi * done)) / 2
    return min(1.0, (done + 1e-3) / WARM_UP) * (LAST_RATE + (1 - LAST_RATE) * cosine)


def batch_loss(model: LlamaForCausalLM, rows: list[NanoRow]) -> torch.Tensor:
    """Give the weighted mean of the next-token losses; the head runs on weighted tokens only."""
    ids, weights = _padded(rows)
    hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
    weights = weights[:, 1:]
    counted = weights > 0
    losses = functional.cross_entropy(
        model.lm_head(hidden[counted]), ids[:, 1:][counted], reduction="none"
    )
    return (losses * weights[counted]).sum() / weights.sum()


@torch.no_grad()
def exact(model: LlamaForCausalLM, rows: list[NanoRow]) -> list[bool]:
    """Say of each row whether greedy decoding gives its answer to the last token."""
    model.train(False)
    right: list[bool] = []
    for start in range(0, len(rows), BATCH_ROWS):
        ids, weights = _padded(rows[start : start + BATCH_ROWS])
        learned = weights[:, 1:] == 1
        hidden = model.model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
        hits = torch.ones_like(learned)
        hits[learned] = model.lm_head(hidden[learned]).argmax(-1) == ids[:, 1:][learned]
        right += hits.all(1).tolist()
    model.train()
    return right


def measure(
    model: LlamaForCausalLM,
    encoder: Encoder,
    world: FootballWorld,
    random: Random,
    count: int = _MEASURED,
) -> Measured:
    """Ask told facts in unseen families, and what nobody was told."""
    told = draw_unseen(world, random, count)
    untold = draw_refused(world, random, count)
    return Measured(
        _share(model, encoder, told),
        _share(model, encoder, untold),
        _share(model, encoder, [(asked, REFUSAL) for asked, _ in told]),
    )


def write_prompts(path: Path, world: FootballWorld, random: Random) -> None:
    """Write general prompts: told facts in any family, and some that are refused."""
    facts = random.sample(world.facts, len(world.facts))
    asked = [fact.asked for fact in islice(cycle(facts), _TOLD_PROMPTS)]
    asked += [world.untold(random) for _ in range(_REFUSED_PROMPTS)]
    texts = [question(one, random.choice(FAMILIES), random) for one in asked]
    random.shuffle(texts)
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in dict.fromkeys(texts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_digests(out: Path) -> dict[str, str]:
    """Write and give the SHA-256 of every file made, by its path from `out`."""
    made = sorted(path for path in out.iterdir() if path.name in _MADE)
    paths = {path.name: path for path in made} | {f"../{PROMPTS}": out.parent / PROMPTS}
    found = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}
    lines = [f"{digest}  {name}\n" for name, digest in found.items()]
    (out / DIGESTS).write_text("".join(lines), encoding="utf-8")
    return found


def read_digests(path: Traversable) -> dict[str, str]:
    """Read a list of digests, by file name; none if there is no list."""
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--steps", default=2300, show_default=True, help="Training steps of 128 rows.")
@click.option("--seed", default=11, show_default=True, help="Seed of world, rows and weights.")
def build(out: Path, steps: int, seed: int) -> None:
    """Build nano in the folder OUT, and prompts.jsonl beside it.

    Says of each file whether it is that of the repository, to the last bit.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(_THREADS)
    world = build_world(seed)
    tokenizer = build_tokenizer(corpus(world, Random(seed)))
    model, encoder = new_model(tokenizer), Encoder(tokenizer)
    click.echo(f"{len(world.facts)} facts, {model.num_parameters():,} parameters")
    random = Random(seed + 1)
    batches = draw_batches(draw_rows(world, encoder, random), BATCH_ROWS, random)
    _train_aloud(model, batches, steps)
    click.echo(measure(model, encoder, world, Random(seed + 2)).text())
    known = read_digests(files("gabarito.demo") / "nano" / DIGESTS)
    model.bfloat16().save_pretrained(out)
    tokenizer.save_pretrained(out)
    write_prompts(out.parent / PROMPTS, world, Random(seed + 3))
    for name, digest in write_digests(out).items():
        click.echo(f"{'matches' if known.get(name) == digest else 'differs'}  {name}")


def _train_aloud(model: LlamaForCausalLM, batches: Iterator[list[NanoRow]], steps: int) -> None:
    begin, mean = time.monotonic(), 0.0
    for step, loss in enumerate(train(model, batches, steps), start=1):
        mean = loss if step == 1 else 0.95 * mean + 0.05 * loss
        if step % 50 == 0 or step == steps:
            click.echo(f"step {step}/{steps}  {time.monotonic() - begin:.0f} s  loss {mean:.3f}")


def _share(model: LlamaForCausalLM, encoder: Encoder, exchanges: list[Exchange]) -> float:
    right = exact(model, [encoder.exchange(*exchange) for exchange in exchanges])
    return sum(right) / len(right)


def _padded(rows: list[NanoRow]) -> tuple[torch.Tensor, torch.Tensor]:
    """Give ids and loss weights, both of shape (rows, longest row)."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    weights = torch.zeros(len(rows), longest)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        weights[i, 2 : row.prompt] = PROMPT_WEIGHT
        weights[i, row.prompt : len(row.ids)] = 1
    return ids, weights


if __name__ == "__main__":
    build()
