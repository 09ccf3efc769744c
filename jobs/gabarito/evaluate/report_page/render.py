"""Fill the page's template; everything it needs is inside the one file that comes out."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup, escape

from gabarito.core.page_words import (
    ENGLISH,
    LANGUAGES,
    SCRIPT_ESCAPES,
    SpokenBody,
    Words,
    body_in_every_language,
    spoken_in,
    words_in,
)
from gabarito.evaluate.formatting import figure, interval, percent, points
from gabarito.evaluate.report import Evidence, Report
from gabarito.evaluate.report_page import tables
from gabarito.evaluate.report_page.charts import Curve, charts_of


def render(report: Report, evidence: Evidence, curves: Sequence[Curve] = ()) -> str:
    """Return the page; every text of the data is escaped."""
    words, shown = page_words(), _shown(report, evidence, curves)
    share = percent(report.systems["model"].test.exact_match)

    def body(language: str) -> SpokenBody:
        title = words[language]["title"].format(share=spoken_in(share, language))
        template = _environment(language, words[language]).get_template("report_body.html")
        return SpokenBody(title, template.render(shown))

    return (
        _environment(ENGLISH, words[ENGLISH])
        .get_template("report.html")
        .render(
            title=body(ENGLISH).title,
            body=Markup(body_in_every_language(words, body)),  # escaped where it was filled
            data=script_json({"facts": shown["facts"]}),
        )
    )


def page_words() -> dict[str, Words]:
    """Return what the page says by language: its own words, those of gate and grading."""
    shared, own = words_in("gabarito.evaluate"), words_in("gabarito.evaluate", "report_page")
    return {language: {**shared[language], **own[language]} for language in LANGUAGES}


def script_json(value: object) -> Markup:
    """Return JSON that no text in it can end the script element of."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(SCRIPT_ESCAPES))  # escaped here


def _shown(report: Report, evidence: Evidence, curves: Sequence[Curve]) -> dict[str, Any]:
    """Return what both templates show, whatever the language."""
    marks = evidence.marks
    return {
        "report": report,
        "drawn": tables.before_and_after(marks),
        "free": tables.wrong_first(marks, "free"),
        "controls": tables.wrong_first(marks, "controls")[: tables.LONGEST_LIST],
        "unanswerable": tables.unanswerable_rows(marks),
        "changed": tables.changed_rows(marks),
        "unlearned": tables.unlearned_rows(marks),
        "histogram": tables.histogram(marks["model"]["test"], marks["model"]["unanswerable"]),
        "charts": charts_of(curves),
        "facts": tables.fact_rows(evidence.facts, marks),
    }


def _environment(language: str, words: Words) -> jinja2.Environment:
    """Return an environment whose ``say`` and figures are those of a language."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gabarito.evaluate", "report_page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures: Mapping[str, Callable[[Any], str]] = {
        "percent": percent,
        "range": interval,
        "figure": figure,
        "points": points,
    }

    def spoken(name: str) -> Callable[[Any], str]:
        return lambda value: spoken_in(figures[name](value), language)

    def say(name: str, /, **values: object) -> Markup:
        return escape(words[name]).format(**values)

    environment.filters |= {name: spoken(name) for name in figures}
    environment.filters |= {
        "svg_percent": percent,
        "spoken": lambda text: spoken_in(str(text), language),
    }
    environment.globals |= {"say": say, "language": language}
    return environment
