import json

from sample.handbook.markdown import of_notebook, of_rst


def test_titles_have_the_depth_of_what_underlines_them() -> None:
    text = "Top\n===\n\nOne\n---\n\nTwo\n~~~\n\nNext\n----\n"
    assert of_rst(text) == "# Top\n\n## One\n\n### Two\n\n## Next\n"


def test_roles_and_links_leave_their_words_even_over_a_line_end() -> None:
    text = "See :doc:`the\nlist </a/b>`, :doc:`/a/faq`, `a site\n<https://x.example>`__, ``code``."
    assert of_rst(text) == "See the\nlist, faq, a site, `code`.\n"


def test_what_only_sphinx_shows_is_left_out() -> None:
    text = ".. _label:\n\n.. contents:: Table\n   :depth: 2\n\n.. seealso::\n\n  :doc:`x`\n\nText\n"
    assert of_rst(text) == "Text\n"


def test_code_is_fenced_and_kept_as_it_is() -> None:
    text = "Run::\n\n    a ``b``\n\n      c\n\n.. code:: python\n\n   ### x\n\nEnd\n"
    lines = [line for line in of_rst(text).split("\n") if line]
    assert lines == ["Run:", "```", "a ``b``", "  c", "```", "```", "### x", "```", "End"]


def test_remarks_and_versions_are_told() -> None:
    text = ".. warning::\n\n   Mind ``this``.\n\n.. versionadded:: 0.5.0\n   Now there.\n"
    words = of_rst(text).split("\n")
    assert [line for line in words if line] == [
        "Warning:",
        "Mind `this`.",
        "New in version 0.5.0.",
        "Now there.",
    ]


def test_a_notebook_gives_its_texts_and_its_code() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Top\n", "text"]},
        {"cell_type": "code", "source": ["run"], "outputs": [{"text": "printed"}]},
        {"cell_type": "raw", "source": [".. seealso::\n\n    :doc:`x`"]},
    ]
    assert of_notebook(json.dumps({"cells": cells})) == "# Top\ntext\n\n```\nrun\n```\n\n\n"
