"""Why something was dropped: the constant phrases of each stage's ledger."""

from enum import StrEnum


class IngestReason(StrEnum):
    """Why a file was dropped."""

    EXCLUDED = "excluded by a pattern"
    UNSUPPORTED = "unsupported format"
    TOO_LARGE = "too large"
    OUT_OF_REACH = "out of reach"
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    NOT_TEXT = "not text"
    WRONG_ENCODING = "wrong encoding"
    NO_TEXT = "no text"
    TOO_SHORT = "too short"
    OTHER_LANGUAGE = "other language"
    EXACT_DUPLICATE = "exact duplicate"
    NEAR_DUPLICATE = "near duplicate"


class GenerateReason(StrEnum):
    """Why a reply, or a fact, question or name in it, was dropped."""

    EMPTY_REPLY = "empty reply"
    CUT_REPLY = "reply cut at the token limit"
    UNREADABLE = "unreadable reply"
    NO_FIELD = "field missing"

    NO_QUOTE = "quote not in the passage"
    NO_SUPPORT = "answer not in the passage"
    SHORT_QUOTE = "quote too short to prove anything"
    NOT_QUOTED = "answer not in the quote"
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
    EXCESS_ALIAS = "alias too long, or one too many"

    OTHER_NAME = "name not asked for"
    KNOWN_NAME = "near miss stands in the documents"
    REPEATED_NAME = "name given twice"
