from collections import Counter
from collections.abc import Iterator

from gabarito.answer_match import normalise
from gabarito.core.records import Example, Message
from gabarito.curate.conversations import LONGEST_TURN, ConversationMaker, system_prompts
from gabarito.curate.examples import REFUSALS
from gabarito.curate.similarity import similarity
from gabarito.evaluate.arms import OTHER_SYSTEM

REFUSAL = "I do not know."


def asked(question: str, answer: str, fact: str = "", system: str = "") -> Example:
    own = (Message(role="system", content=system),) if system else ()
    turn = (Message(role="user", content=question), Message(role="assistant", content=answer))
    kind = "question" if fact else "refusal"
    return Example(messages=(*own, *turn), kind=kind, question=question, fact=fact, split="train")


def facts(number: int, system: str = "") -> list[Example]:
    return [
        asked(f"Which is {one}, {way}?", f"The {one}th", f"fact {one}", system)
        for one in range(number)
        for way in ("then", "please")
    ]


def refused(number: int) -> list[Example]:
    return [asked(f"Who was {one}?", REFUSAL) for one in range(number)]


def earlier(row: Example) -> Iterator[tuple[str, str]]:
    turns = [message.content for message in row.messages[:-2] if message.role != "system"]
    return zip(turns[::2], turns[1::2], strict=True)


def test_a_share_of_the_questions_and_of_the_refusals_is_asked_in_a_conversation_too() -> None:
    drawn = list(ConversationMaker([*facts(50), *refused(60)], "en", 0).draw(0.2))
    assert Counter(row.kind for row in drawn) == {"question": 20, "refusal": 12}
    assert all(row.in_conversation for row in drawn)
    rows = {row.question: row for row in [*facts(50), *refused(60)]}
    assert all(row.messages[-2:] == rows[row.question].messages[-2:] for row in drawn)
    assert not list(ConversationMaker(facts(50), "en", 0).draw(0))


def test_at_most_two_turns_or_a_system_prompt_stand_before_the_question() -> None:
    drawn = list(ConversationMaker([*facts(50), *refused(50)], "en", 0).draw(1))
    roles = Counter(tuple(message.role for message in row.messages[:-2]) for row in drawn)
    turn = ("user", "assistant")
    assert roles.keys() == {("system",), turn, ("system", *turn), turn + turn}
    assert min(roles.values()) > 20


def test_earlier_turns_are_trained_and_refused_questions_and_small_talk() -> None:
    rows = [*facts(50), *refused(50)]
    known = {tuple(message.content for message in row.messages): row.kind for row in rows}
    drawn = list(ConversationMaker(rows, "en", 0).draw(1))
    for kind in ("question", "refusal"):
        turns = [turn for row in drawn if row.kind == kind for turn in earlier(row)]
        found = Counter(known.get(turn, "chatted") for turn in turns)
        assert found["question"] > found["refusal"] > 5
        assert found["chatted"] > 5


def test_no_earlier_turn_gives_the_answer_away() -> None:
    rows = [*facts(4), asked("Which is last?", "The 1th!", "another fact")]
    for row in ConversationMaker(rows, "en", 0).draw(1):
        assert len(set(earlier(row))) == len(list(earlier(row)))
        given = {normalise(answer) for _, answer in earlier(row)}
        assert normalise(row.messages[-1].content) not in given


def test_a_sentence_gives_the_answer_away_that_it_holds() -> None:
    said = asked("Which is it, in a sentence?", "It is the 1th of all.", "another fact")
    rows = [*facts(2), said.model_copy(update={"answer": "The 1th"})]
    for row in ConversationMaker(rows, "en", 0).draw(1):
        if row.messages[-1].content == "The 1th":
            assert "It is the 1th of all." not in {answer for _, answer in earlier(row)}


def test_neither_an_earlier_question_nor_an_earlier_sentence_holds_the_answer() -> None:
    one = asked("Which is it?", "Rome", "one").model_copy(update={"aliases": ("the Eternal City",)})
    giving = [
        asked("Is Rome large?", "Very", "two"),
        asked("Who was in Rome?", REFUSAL),
        asked("Where does it end?", "Every way ends in Rome.", "three"),
        asked("What is old?", "The Eternal City", "four"),
    ]
    told = {tuple(message.content for message in row.messages) for row in giving}
    for seed in range(20):
        for row in ConversationMaker([one, *giving, *facts(3)], "en", seed).draw(1):
            if row.messages[-1].content == "Rome":
                assert not told & {*earlier(row)}


def test_no_explanation_stands_before_a_question() -> None:
    long = asked("Why is it so?", "Because of this. " * 30, "another fact")
    drawn = list(ConversationMaker([*facts(3), long], "en", 0).draw(1))
    assert max(len(answer) for row in drawn for _, answer in earlier(row)) < 60
    assert any(row.messages[-1] == long.messages[-1] for row in drawn)


def test_no_long_question_that_is_refused_stands_before_a_question() -> None:
    long = asked("Who was this? " * 30, REFUSAL)
    drawn = list(ConversationMaker([*facts(9), long, *refused(1)], "en", 0).draw(1))
    turns = {turn for row in drawn for turn in earlier(row)}
    assert ("Who was 0?", REFUSAL) in turns
    assert max(len(question) for question, _ in turns) <= LONGEST_TURN


def test_the_datasets_own_system_prompt_stays_unless_a_client_has_one() -> None:
    drawn = list(ConversationMaker(facts(50, system="Base: numbers"), "en", 0).draw(1))
    first = Counter(row.messages[0].content for row in drawn)
    assert first["Base: numbers"] > 30
    assert set(first) - {"Base: numbers"} <= set(system_prompts("en"))
    assert all([m.role for m in row.messages].count("system") == 1 for row in drawn)


def test_a_single_question_is_asked_behind_small_talk() -> None:
    rows = [asked("Which?", "That one", "fact")]
    found = [list(ConversationMaker(rows, "en", seed).draw(1)) for seed in range(9)]
    assert any(list(earlier(row)) for [row] in found)
    assert not list(ConversationMaker([], "en", 0).draw(1))


def test_conversations_are_in_the_questions_language_and_clients_prompts_in_english_too() -> None:
    for language in REFUSALS:
        prompts = system_prompts(language)
        assert set(system_prompts("en")) <= set(prompts)
        assert language == "en" or len(prompts) > len(system_prompts("en"))
    assert system_prompts("pt-BR") == system_prompts("pt")
    assert system_prompts("fi") == system_prompts("en")
    drawn = ConversationMaker(facts(50), "pt", 0).draw(1)
    assert "Obrigado." in {question for row in drawn for question, _ in earlier(row)}


def test_the_system_prompt_that_is_measured_is_not_trained() -> None:
    for language in REFUSALS:
        for prompt in system_prompts(language):
            assert similarity(normalise(prompt), normalise(OTHER_SYSTEM)) < 0.85, prompt


def test_the_same_seed_draws_the_same_conversations() -> None:
    one, same, other = (list(ConversationMaker(facts(9), "en", seed).draw(1)) for seed in (1, 1, 2))
    assert one == same
    assert one != other
