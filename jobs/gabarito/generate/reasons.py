"""Why something was dropped: the constant phrases of generate's ledger."""

import json
from collections.abc import Mapping
from typing import Any

from gabarito.core.records import Rejection

EMPTY_REPLY = "empty reply"
CUT_REPLY = "reply cut at the token limit"
UNREADABLE = "unreadable reply"
NO_FIELD = "field missing"

NO_QUOTE = "quote not in the passage"
NO_SUPPORT = "answer not in the passage"
NOT_STATED = "answer not in the quote or the statement"
REPEATED_FACT = "fact given twice in a passage"
SAME_FACT = "same fact elsewhere"
SAME_PASSAGE = "same passage elsewhere"

NO_FAMILY = "family not named"
OTHER_FAMILY = "family not asked for"
FAMILY_AGAIN = "family given twice"
REPEATED_QUESTION = "question given twice for a fact"
OTHER_LANGUAGE = "other language"
DEICTIC = "speaks of the text itself"
GIVEN_AWAY = "answer given away in the question"
OTHER_ANSWER = "answer differs from the fact's"
NO_ANSWER = "statement without the answer"
NOT_REVERSED = "reverse question without the fact's answer"
TOO_LONG = "too long"
EMPTY_ALIAS = "alias that names nothing"

OTHER_NAME = "name not asked for"
KNOWN_NAME = "near miss stands in the documents"
REPEATED_NAME = "name given twice"

NOT_A_FAILURE = frozenset({REPEATED_FACT, SAME_FACT, SAME_PASSAGE, FAMILY_AGAIN, EMPTY_ALIAS})
"""What was dropped is there already, or its fact is kept: they do not lower the yield."""


def dropped(
    item: str, reason: str, detail: str = "", raw: str | Mapping[str, Any] = ""
) -> Rejection:
    """Return the ledger's record; ``raw`` is a text, or an object of a reply."""
    try:
        text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False)
    except RecursionError:  # lists in lists that could be read just so
        text = "nested too deep to be shown"
    return Rejection(
        stage="generate", item=item, reason=reason, detail=detail, raw=without_halves(text)
    )


def without_halves(text: str) -> str:
    """Replace halves of characters, such as a cut reply's last one: they are not Unicode."""
    return text.encode(errors="replace").decode()
