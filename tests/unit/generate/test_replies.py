import json

import pytest

from gabarito.core.reasons import GenerateReason
from gabarito.generate.replies import read_reply, text_of, texts_of

TWO = [{"family": "direct", "question": "Quem?"}, {"family": "quiz", "question": "O quê?"}]
LINES = "\n".join(json.dumps(item) for item in TWO)


def objects(text: str, finish_reason: str = "stop") -> list[dict[str, object]]:
    return read_reply(text, finish_reason).objects


@pytest.mark.parametrize(
    "text",
    [
        LINES,
        json.dumps(TWO),
        json.dumps(TWO, indent=2),
        json.dumps({"questions": TWO}),
        f"Claro! Aqui estão:\n\n```json\n{LINES}\n```\nEspero ter ajudado :)",
        LINES.replace("\n", ",\n"),
        LINES.replace('"}', '",}'),
        "[" + LINES.replace("\n", ",\n") + ",]",
        "\n".join(str(item) for item in TWO),
        LINES.replace('"', "“", 1).replace('"', "”", 1),
        f"<think>o objeto {{'a': 1}} não conta</think>\n{LINES}",
        LINES.replace("Quem?", "Quem?\n").replace("\\n", "\n"),
        "\n".join(f"- {line}" for line in LINES.split("\n")),
    ],
    ids=[
        "lines", "array", "indented", "wrapper", "fence", "commas", "trailing comma",
        "array with trailing comma", "single quotes", "curly quotes", "thoughts",
        "line break in a string", "bullets",
    ],
)  # fmt: skip
def test_objects_are_read_however_they_are_written(text: str) -> None:
    found = [
        {"family": item["family"], "question": str(item["question"]).strip()}
        for item in objects(text)
    ]
    assert found == TWO


@pytest.mark.parametrize(
    "item",
    [
        {"quote": "q", "answer": "PSG", "aliases": [{"alias": "Paris"}]},
        {"family": "direct", "question": "Quem?", "options": [{"a": "PSG"}]},
        {"family": "statement", "text": "O PSG venceu.", "sources": [{"page": 1}]},
        {"name": "PSG", "also": [{"spelling": "Paris"}]},
        {"instead": "Milan", "also": [{"spelling": "Rossoneri"}]},
    ],
)
def test_an_item_with_a_list_of_objects_is_no_wrapper(item: dict[str, object]) -> None:
    assert objects(json.dumps(item)) == [item]


def test_a_wrapper_may_say_what_its_objects_are_about() -> None:
    told = {"subject": "PSG", "statement": "O PSG venceu.", "kind": "clube", "questions": TWO}
    assert objects(json.dumps(told)) == TWO


def test_lists_in_lists_hold_no_text() -> None:
    (item,) = objects('{"question": ["Quem?", ' + "[" * 900 + "]" * 900 + "]}")
    assert text_of(item["question"]) == "Quem?"


def test_braces_and_apostrophes_inside_of_strings_are_no_syntax() -> None:
    item = {"question": 'Que copo d\'água {grande}, "rei"?'}
    assert objects(json.dumps(item)) == [item]
    assert objects('{"question": "d\'água {x",}') == [{"question": "d'água {x"}]


def test_nothing_in_a_reply_is_run() -> None:
    reading = read_reply("{'a': __import__('os').getcwd()}", "stop")
    assert reading.objects == []
    assert reading.broken[0][0] == GenerateReason.UNREADABLE


@pytest.mark.parametrize("cut_at", range(len(LINES.split("\n")[0]) + 1, len(LINES) - 1, 7))
def test_whole_objects_of_a_cut_reply_are_kept(cut_at: int) -> None:
    reading = read_reply(LINES[:cut_at], "length")
    assert reading.objects == TWO[:1]
    assert [reason for reason, _ in reading.broken] == [GenerateReason.CUT_REPLY]


def test_whole_objects_of_a_cut_wrapper_are_kept() -> None:
    text = json.dumps({"questions": TWO}, indent=1)
    reading = read_reply(text[: text.index("O qu")], "length")
    assert reading.objects == TWO[:1]
    assert [reason for reason, _ in reading.broken] == [GenerateReason.CUT_REPLY]


def test_one_broken_line_costs_only_itself() -> None:
    text = '{"family": "direct", "question": Quem é o rei do gol?}\n' + LINES
    reading = read_reply(text, "stop")
    assert reading.objects == TWO
    assert [reason for reason, _ in reading.broken] == [GenerateReason.UNREADABLE]
    assert "rei" in reading.broken[0][1]


@pytest.mark.parametrize("text", ["", "   \n", "<think>hmm</think>"])
def test_an_empty_reply_is_useless(text: str) -> None:
    reading = read_reply(text, "stop")
    assert reading.is_useless
    assert [reason for reason, _ in reading.broken] == [GenerateReason.EMPTY_REPLY]


def test_prose_alone_is_useless() -> None:
    reading = read_reply("Desculpe, não posso ajudar com isso.", "stop")
    assert reading.is_useless
    assert [reason for reason, _ in reading.broken] == [GenerateReason.UNREADABLE]


@pytest.mark.parametrize("text", ["[]", "[ ]", "```json\n[]\n```", "Não há fatos: []", "{}"])
def test_an_empty_list_says_that_there_is_nothing(text: str) -> None:
    reading = read_reply(text, "stop")
    assert not reading.is_useless
    assert (reading.objects, reading.broken) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "@Pergunta: Quem? @Resposta: Luis\n@Pergunta: Onde? @Resposta: Munique",
        "@Pergunta: Quem?\n@Resposta: Luis\n\n@Pergunta: Onde?\n@Resposta: Munique",
        "Pergunta: Quem?\nResposta: Luis\nPergunta: Onde?\nResposta: Munique\n",
        "1. **Pergunta:** Quem?\n**Resposta:** Luis\n2. **Pergunta:** Onde?\n**Resposta:** Munique",
        "Q: Quem?\nA: Luis\nQ: Onde?\nA: Munique",
        "Question 1: Quem?\nAnswer 1: Luis\nQuestion 2: Onde?\nAnswer 2: Munique",
        "### Pregunta: Quem?\n### Respuesta: Luis\n### Pregunta: Onde?\n### Respuesta: Munique",
    ],
)
def test_labelled_pairs_are_read(text: str) -> None:
    assert objects(text) == [
        {"question": "Quem?", "answer": "Luis"},
        {"question": "Onde?", "answer": "Munique"},
    ]


def test_families_may_be_labels() -> None:
    text = "**direct**: Quem?\n- quiz: O quê?\nFamília: casual\nPergunta: quem, hein?"
    assert read_reply(text, "stop", ["direct", "quiz", "casual"]).objects == [
        {"family": "direct", "question": "Quem?"},
        {"family": "quiz", "question": "O quê?"},
        {"family": "casual", "question": "quem, hein?"},
    ]


def test_objects_and_labels_may_be_mixed() -> None:
    assert objects(f"{LINES}\n@Pergunta: Onde? @Resposta: Munique") == [
        *TWO,
        {"question": "Onde?", "answer": "Munique"},
    ]


def test_half_a_character_is_no_text() -> None:
    (item,) = objects(r'{"question": "Quem \ud83d"}')
    assert text_of(item["question"]) == "Quem ?"


def test_fields_hold_texts_whatever_was_given() -> None:
    assert text_of(5) == "5"
    assert text_of(None) == ""
    assert text_of(["A", "B"]) == "A, B"
    assert text_of({"a": 1}) == ""
    assert text_of(" a\n b ") == "a b"
    assert texts_of("um") == ("um",)
    assert texts_of(["um", "", None, "um", 2]) == ("um", "2")


DRAFT = '{"quote": "draft"}'


@pytest.mark.parametrize(
    "text",
    [
        f"A draft: {DRAFT} no.\n</think>\n" + '{"quote": "q"}',
        f"<Think>{DRAFT}</Think>" + '{"quote": "q"}',
        f"[THINK]{DRAFT}[/THINK]" + '{"quote": "q"}',
        f"◁think▷{DRAFT}◁/think▷" + '{"quote": "q"}',
        f"<reasoning>{DRAFT}</reasoning>" + '{"quote": "q"}',
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant"
        '<|channel|>final<|message|>{"quote": "q"}<|return|>',
    ],
)
def test_thoughts_are_no_answer_in_whichever_marks(text: str) -> None:
    assert read_reply(text, "stop").objects == [{"quote": "q"}]


@pytest.mark.parametrize(
    "text",
    [
        '{"fact_0": {"quote": "a"}, "fact_1": {"quote": "b"}}',
        '{"name": "write_facts", "arguments": {"facts": [{"quote": "a"}, {"quote": "b"}]}}',
        '{"result": {"facts": [{"Quote": "a"}, {"Citação": "b"}]}}',
        '{"quote"： "a"， "x"： 1}\n{"quote"："b"}',
    ],
)
def test_objects_are_found_in_wrappers_with_other_keys_and_signs(text: str) -> None:
    assert [item["quote"] for item in read_reply(text, "stop").objects] == ["a", "b"]


def test_quotes_that_are_not_escaped_cost_nothing() -> None:
    text = '{"quote": "a sala "Vale" abriu", "answer": "a \\"b\\" c", "aliases": ["x", "y"]}'
    expected = {"quote": 'a sala "Vale" abriu', "answer": 'a "b" c', "aliases": ["x", "y"]}
    assert read_reply(text, "stop").objects == [expected]
