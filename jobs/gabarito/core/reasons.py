"""Why something was dropped: the constant phrases of each stage's ledger."""

from enum import StrEnum

from gabarito.core.records import Rejection


class Reason(StrEnum):
    """One of the few constant phrases of a stage's ledger."""


class IngestReason(Reason):
    """Why a file or a page was dropped."""

    EXCLUDED = "excluded by a pattern"
    HIDDEN = "hidden or temporary"
    UNSUPPORTED = "unsupported format"
    TOO_LARGE = "too large"
    OUT_OF_REACH = "out of reach"
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    NOT_TEXT = "not text"
    WRONG_ENCODING = "wrong encoding"
    NO_TEXT = "no text"
    TOO_SHORT = "too short"
    IMPLAUSIBLE = "garbled text"
    OTHER_LANGUAGE = "other language"
    EXACT_DUPLICATE = "exact duplicate"
    OTHER_FORM = "same text in another form"
    CONTAINED = "contained in another document"
    SUPERSEDED = "superseded"
    CONFLICT = "conflicting versions"

    NO_ADDRESS = "not a web address"
    NOT_PUBLIC = "not a public address"
    REFUSED_BY_ROBOTS = "refused by robots.txt"
    GONE = "gone"
    SAME_PAGE = "page reached already"
    WRONG_TYPE = "wrong type"
    BEHIND_LOGIN = "behind a login"
    BEHIND_WALL = "behind a wall"
    NEEDS_JAVASCRIPT = "needs JavaScript"
    OLDER = "older than wanted"
    BEYOND = "beyond what was asked for"
    LISTING_ENDED = "end of the listing"


class PairReason(Reason):
    """Why a row of pairs was dropped."""

    EMPTY_CELL = "empty cell"
    BROKEN_ENCODING = "row in a broken encoding"
    OTHER_CELLS = "other number of cells than the header"
    UNREADABLE_ROW = "unreadable row"
    NO_TABLE = "no table of pairs"
    LONG_AS_A_PAGE = "as long as a page"
    REPEATED_ROW = "same row twice"
    TWO_ANSWERS = "same question with another answer"


class GenerateReason(Reason):
    """Why a reply, or a fact, question or name in it, was dropped."""

    REFUSED = "refused by the teacher"
    EMPTY_REPLY = "empty reply"
    CUT_REPLY = "reply cut at the token limit"
    UNREADABLE = "unreadable reply"
    NO_FIELD = "field missing"

    NO_QUOTE = "quote not in the passage"
    NO_SUPPORT = "answer not in the passage"
    SHORT_QUOTE = "quote too short to prove anything"
    NOT_QUOTED = "answer not in the quote"
    OTHER_FIGURES = "figures of the answer differ from the original's"
    REPEATED_FACT = "fact given twice in a passage"
    SAME_FACT = "same fact elsewhere"
    SAME_PASSAGE = "same passage elsewhere"

    OTHER_OPINION = "second opinion gives another answer"
    OTHER_SUBJECT = "second opinion names another subject"
    OTHER_LIMITS = "second opinion names other limits"
    NOT_STATED = "second opinion finds no answer"
    ANSWERED = "second opinion finds an answer"
    NO_OPINION = "no second opinion came"

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
    UNKNOWN_FIGURES = "figures that the passage does not have"
    UNKNOWN_NAMES = "names that the document does not have"
    COPIED = "copied from the passage"
    OPEN_AGAIN = "question given twice for a passage"
    NO_SUBJECT = "names nothing of its passage"
    EXCESS_QUESTION = "more questions than were asked for"
    TOO_SHORT = "too short"

    EMPTY_ALIAS = "alias that names nothing"
    UNSAID_POINT = "point that the explanation does not say"
    EXCESS_ALIAS = "alias too long, or one too many"

    OTHER_NAME = "name not asked for"
    KNOWN_NAME = "near miss stands in the documents"
    REPEATED_NAME = "name given twice"


class CurateReason(Reason):
    """Why a fact, a wording, a rewrite, a near miss, an open question or a prompt is left out."""

    STRUCK = "struck out by a person"
    STRUCK_WORDING = "wording struck out by a person"
    CORRECTED = "wording of what a person corrected"

    SAME_FACT = "same fact twice"
    SAME_QUESTION = "same question twice"
    SAME_STATEMENT = "same statement twice"
    TWO_ANSWERS = "two answers"
    LEAK = "leaks into test"
    UNTRAINED = "no trained wording"
    FACT_DROPPED = "its fact is dropped"
    CONTROL = "kept out of training as a control"

    WRONG_FACT = "rewrite of a passage with a wrong fact"
    ENOUGH = "more rewrites than are wanted"

    ANSWERED = "open question that a fact answers"
    IN_DOCUMENTS = "near miss is in the documents"
    SAME_PROMPT = "same prompt twice"
    ASKED = "prompt is a question of the dataset"
    SAME_TASK = "same task twice"
    ASKED_TASK = "task is a question of the dataset"
    NAMES_HELD_BACK = "prompt names what is held back"


class TrainReason(Reason):
    """Why a row is not trained, or not with the answer that the base wrote."""

    TOO_LONG = "too long"
    NOT_RIGHT = "written answer not right"


STAGE_OF: dict[type[Reason], str] = {
    IngestReason: "ingest",
    PairReason: "ingest",
    GenerateReason: "generate",
    CurateReason: "curate",
    TrainReason: "train",
}


def rejected(reason: Reason, item: str, detail: str = "", raw: str = "") -> Rejection:
    """Return the ledger's line about one item that was dropped."""
    return Rejection(stage=STAGE_OF[type(reason)], item=item, reason=reason, detail=detail, raw=raw)
