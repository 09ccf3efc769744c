"""Rows: what is learned of a question is its answer, of a statement every word."""

import pytest

from gabarito.core.errors import DataError
from gabarito.core.model_records import PromptContract, PromptSettings
from gabarito.core.records import Example, ExampleKind, Message, Rejection
from gabarito.models import Base, prompt_ids
from gabarito.train.encode import contract_for, encode, encoded, probes_of, prompts


def example(*texts: str, kind: ExampleKind = "question") -> Example:
    roles = ("assistant",) if len(texts) == 1 else ("user", "assistant")
    turns = tuple(
        Message.model_validate({"role": role, "content": text})
        for role, text in zip(roles, texts, strict=True)
    )
    return Example(messages=turns, kind=kind, question="q1", fact="f1", split="train")


QUESTION = example("Quem foi o campeão?", "Paris")
STATEMENT = example("O campeão foi o Paris.", kind="statement")
DOCUMENT = example("O Paris venceu a final. Foi o campeão.", kind="document")
REFUSAL = example("Quem foi o campeão de 2031?", "Não sei.", kind="refusal")


def learned(base: Base, contract: PromptContract, given: Example) -> tuple[str, str]:
    row = encode(given, contract, base.tokenizer)
    before, after = row.ids[: row.learned_from], row.ids[row.learned_from :]
    return str(base.tokenizer.decode(list(before))), str(base.tokenizer.decode(list(after)))


def test_of_a_question_only_the_answer_and_its_end_are_learned(
    base: Base, contract: PromptContract
) -> None:
    assert learned(base, contract, QUESTION) == (
        "<bos><|user|> Quem foi o campeão?<|assistant|>",
        " Paris<eos>",
    )


def test_of_a_conversation_only_the_last_answer_and_its_end_are_learned(
    base: Base, contract: PromptContract
) -> None:
    system = Message(role="system", content="Seja breve.")
    messages = (system, *example("Olá!", "Oi!").messages, *QUESTION.messages)
    assert learned(base, contract, QUESTION.model_copy(update={"messages": messages})) == (
        "<bos><|system|> Seja breve.<|user|> Olá!<|assistant|> Oi!<eos>"
        "<|user|> Quem foi o campeão?<|assistant|>",
        " Paris<eos>",
    )


def test_of_plain_text_every_word_is_learned_without_the_template(
    base: Base, contract: PromptContract
) -> None:
    assert learned(base, contract, STATEMENT) == ("<bos>", "O campeão foi o Paris.<eos>")
    told = "O Paris venceu a final. Foi o campeão.<eos>"
    assert learned(base, contract, DOCUMENT) == ("<bos>", told)


def test_kinds_are_told_apart(base: Base, contract: PromptContract) -> None:
    rows = (QUESTION, STATEMENT, DOCUMENT, REFUSAL)
    kinds = [encode(e, contract, base.tokenizer).kind for e in rows]
    assert kinds == ["questions", "statements", "documents", "refusals"]


def test_of_a_conversation_that_is_too_long_its_question_is_told(
    base: Base, contract: PromptContract
) -> None:
    messages = (*example("Olá!", "Oi!").messages, *QUESTION.messages)
    row = QUESTION.model_copy(update={"messages": messages})
    (found,) = encoded([row], contract, base.tokenizer, longest=3)
    assert isinstance(found, Rejection)
    assert found.raw == "Quem foi o campeão?"


def test_a_row_that_is_too_long_is_rejected(base: Base, contract: PromptContract) -> None:
    long = example("Quem? " * 30, "Paris")
    rejected, row = encoded([long, QUESTION], contract, base.tokenizer, 64)
    assert row == encode(QUESTION, contract, base.tokenizer)
    assert isinstance(rejected, Rejection)
    assert (rejected.stage, rejected.item, rejected.reason) == ("train", "q1", "too long")


def test_a_prompt_that_leaves_no_room_for_an_answer_is_rejected(
    base: Base, contract: PromptContract
) -> None:
    asked = [e.model_copy(update={"messages": e.messages[:1]}) for e in (QUESTION, REFUSAL)]
    longest = len(prompt_ids(contract, base.tokenizer, asked[1].messages))
    kept, rejected = prompts(asked, contract, base.tokenizer, longest)
    assert not isinstance(kept, Rejection)
    assert len(kept) < longest
    assert isinstance(rejected, Rejection)


def test_a_row_that_is_never_trained_is_refused(base: Base, contract: PromptContract) -> None:
    with pytest.raises(DataError, match=r"'q1': of the kind 'free', .* raise curate.rerun"):
        encode(example("Quem?", "Paris", kind="free"), contract, base.tokenizer)


def test_an_answer_has_room_for_the_longest_one_that_was_trained(base: Base) -> None:
    prompt = PromptSettings(system="", refusal="")
    short = contract_for(base.tokenizer, prompt, [])
    rows = [encode(example("Quem?", "gol " * 50), short, base.tokenizer)]
    rows += [encode(example("gol " * 90, kind="document"), short, base.tokenizer)]
    longest = len(rows[0].ids) - rows[0].learned_from
    assert short.max_new_tokens == 48
    assert contract_for(base.tokenizer, prompt, rows).max_new_tokens == longest + 16


def test_a_few_rows_spread_over_all_are_probes(base: Base, contract: PromptContract) -> None:
    rows = [encode(example("Quem?", f"{i}"), contract, base.tokenizer) for i in range(100)]
    probes = probes_of(rows)
    assert 8 <= len(probes) <= 16
    assert probes[0] == rows[0].ids
    assert probes_of(rows[:2]) == [rows[0].ids, rows[1].ids]
