import pytest

from gabarito.core.markdown_blocks import blocks_of


@pytest.mark.parametrize(
    ("line", "title"),
    [("## C#", "C#"), ("# F# and C# #", "F# and C#"), ("## Closed ##", "Closed"), ("# #", "#")],
)
def test_signs_that_close_a_heading_stand_apart_from_it(line: str, title: str) -> None:
    assert [block.text for block in blocks_of(line)] == [title]


@pytest.mark.parametrize("line", [" ```", "  | a | b |", "    # a comment"])
def test_what_is_indented_is_text(line: str) -> None:
    assert [block.kind for block in blocks_of(f"One.\n{line}\nTwo.")] == ["text"]


@pytest.mark.parametrize("end", ["```", "````", "``` "])
def test_code_ends_at_a_fence_as_long_as_its_own(end: str) -> None:
    found = [block.kind for block in blocks_of(f"```\n# x\n  ```\n``` no\n{end}\nText.")]
    assert found == ["code", "text"]
