"""The prompt contract: one rendering for training and for serving."""

from pathlib import Path

import pytest

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract
from gabarito.core.records import Message
from gabarito.core.settings import local_path
from gabarito.models import (
    Base,
    check_contract,
    conversation,
    load_tokenizer,
    prompt_ids,
    read_contract,
    render,
    rendered_example,
    token_ids,
)

from .tiny import TEMPLATE, tiny_tokenizer

QUESTION = Message(role="user", content="Quem foi o campeão?")
ANSWER = Message(role="assistant", content="Paris Saint-Germain")

THINKING = (
    "{% for m in messages %}<|{{ m.role }}|>\n"
    "{% if m.role == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}"
    "{{ m.content }}{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n"
    "{% endif %}{% endif %}"
)
"""Writes a last answer as Qwen3's does: after a block of thoughts, an empty one if need be."""


def test_an_example_is_its_prompt_and_then_the_answer_with_its_end(
    base: Base, contract: PromptContract
) -> None:
    prompt, answer = rendered_example(contract, base.tokenizer, [QUESTION, ANSWER])
    assert prompt == prompt_ids(contract, base.tokenizer, [QUESTION])
    assert base.tokenizer.decode(answer) == " Paris Saint-Germain<eos>"


def test_the_system_prompt_comes_first_unless_the_messages_bring_one(
    base: Base, contract: PromptContract
) -> None:
    with_system = contract.model_copy(update={"system": "Base: UCL."})
    own = Message(role="system", content="Outro.")
    assert "<|system|> Base: UCL.<|user|>" in render(with_system, base.tokenizer, [QUESTION])
    assert "Base: UCL." not in render(with_system, base.tokenizer, [own, QUESTION])
    assert conversation(with_system, "Quem?")[0].content == "Base: UCL."


def test_a_template_that_changes_the_prompt_of_a_whole_conversation_is_refused(
    contract: PromptContract,
) -> None:
    shifty = tiny_tokenizer(
        chat_template=TEMPLATE.replace("<|assistant|>{% endif %}", "?{% endif %}")
    )
    with pytest.raises(DataError, match="does not begin with that of its prompt"):
        rendered_example(contract, shifty, [QUESTION, ANSWER])


def test_a_template_that_refuses_a_system_prompt_is_named(contract: PromptContract) -> None:
    strict = tiny_tokenizer(chat_template="{{ raise_exception('no system role') }}")
    with pytest.raises(DataError, match="no system role"):
        render(contract, strict, [QUESTION])


@pytest.mark.parametrize("flaw", ["{{ 1 + 'a' }}", "{{ 1 / 0 }}", "{% if", "{{ messages[9].x.y }}"])
def test_a_template_that_fails_is_named(contract: PromptContract, flaw: str) -> None:
    broken = tiny_tokenizer(chat_template=flaw)
    broken.name_or_path = "/models/own"
    with pytest.raises(DataError, match=r"^chat template of '/models/own': .*own template"):
        render(contract, broken, [QUESTION])


def test_of_a_model_that_can_think_the_answer_alone_is_learned(contract: PromptContract) -> None:
    tokenizer = load_tokenizer(local_path("gabarito:demo/nano"))
    tokenizer.chat_template = THINKING
    prompt, answer = rendered_example(contract, tokenizer, [QUESTION, ANSWER])
    assert str(tokenizer.decode(answer, skip_special_tokens=True)).strip() == "Paris Saint-Germain"
    assert prompt == prompt_ids(contract, tokenizer, [QUESTION])
    assert str(tokenizer.decode(prompt)).rstrip().endswith("</think>")


def test_a_template_that_writes_more_than_the_answer_is_refused(contract: PromptContract) -> None:
    thinker = tiny_tokenizer(chat_template=THINKING.replace("enable_thinking is defined", "false"))
    with pytest.raises(DataError, match=r"writes '<think> </think> Paris .* answer alone"):
        rendered_example(contract, thinker, [QUESTION, ANSWER])


def test_a_loaded_template_writes_for_anybody_what_was_trained(
    contract: PromptContract, tmp_path: Path
) -> None:
    tiny_tokenizer(chat_template="{{ date_string }} {{ enable_thinking }}").save_pretrained(
        tmp_path
    )
    loaded = load_tokenizer(tmp_path)
    loaded.save_pretrained(tmp_path / "again")
    asked = load_tokenizer(tmp_path / "again").apply_chat_template(
        [{"role": "user"}], tokenize=False
    )
    assert asked == "26 Jul 2024 False" == render(contract, loaded, [QUESTION])


def test_what_a_template_writes_after_the_end_is_not_learned(contract: PromptContract) -> None:
    tokenizer = tiny_tokenizer(
        chat_template=TEMPLATE.replace("{{ eos_token }}", "{{ eos_token }}\n")
    )
    _, answer = rendered_example(contract, tokenizer, [QUESTION, ANSWER])
    assert answer[-1] == tokenizer.eos_token_id


def test_a_prompt_does_not_depend_on_the_day(contract: PromptContract) -> None:
    dated = (
        "{% if date_string is not defined %}{% set date_string = strftime_now('%c') %}{% endif %}"
    )
    tokenizer = tiny_tokenizer(chat_template=dated + "{{ date_string }}" + TEMPLATE)
    assert render(contract, tokenizer, [QUESTION]).startswith("26 Jul 2024<bos>")


@pytest.mark.parametrize(
    "change", [{"chat_template": "another"}, {"eos_token": "<pad>"}, {"pad_token": "<bos>"}]
)
def test_another_tokenizer_does_not_match(contract: PromptContract, change: dict[str, str]) -> None:
    with pytest.raises(DataError, match="is not the prompt contract's"):
        check_contract(contract, tiny_tokenizer(**change), "model")


def test_the_tokenizer_of_the_contract_matches(contract: PromptContract) -> None:
    check_contract(contract, tiny_tokenizer(), "model")


def test_a_tokenizer_matches_before_and_after_its_template_is_pinned(
    contract: PromptContract, base: Base
) -> None:
    assert base.tokenizer.chat_template != tiny_tokenizer().chat_template
    check_contract(contract, base.tokenizer, "model")


def test_a_contract_is_read_back_as_it_was_written(contract: PromptContract) -> None:
    assert read_contract(contract.model_dump_json().encode(), "prompt.json") == contract
    with pytest.raises(DataError, match=r"^prompt\.json: not a prompt contract"):
        read_contract(b"{}", "prompt.json")


def test_a_text_that_is_too_long_is_no_matter_of_the_tokenizer() -> None:
    tokenizer = tiny_tokenizer(model_max_length=8)
    assert len(token_ids(tokenizer, "gol " * 20)) > 8
    assert not any("longer" in told for told in tokenizer.deprecation_warnings)
