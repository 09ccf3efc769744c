"""What the recorded replies of the sample ask about its facts."""

import json
import re

from tests.unit.demo.files import recordings

from sample.wordings import plain


def questions_by_statement() -> dict[str, list[dict[str, str]]]:
    """Return what the last reply about each fact holds, by the fact's statement."""
    return {
        one.key: [json.loads(row) for row in one.replies[-1].text.splitlines()]
        for one in recordings()
        if one.task == "questions"
    }


def spoken(text: str) -> str:
    """Return the words of a text without case, accents and punctuation."""
    return " ".join(re.findall(r"\w+", plain(text)))
