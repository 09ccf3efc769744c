"""Fill the page's template; everything it needs is inside the one file that comes out."""

import json
from collections.abc import Sequence

import jinja2
from markupsafe import Markup

from gabarito.evaluate.formatting import figure, interval, percent
from gabarito.evaluate.report import Evidence, Report
from gabarito.evaluate.report_page import tables
from gabarito.evaluate.report_page.charts import Curve, charts_of
from gabarito.evaluate.text_report import CONDITIONS, FORMS, PROOF_SHARES

_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def render(report: Report, evidence: Evidence, curves: Sequence[Curve] = ()) -> str:
    """Return the page; every text of the data is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gabarito.evaluate", "report_page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "range": interval, "figure": figure}
    marks = evidence.marks
    facts = tables.fact_rows(evidence.facts, marks)
    return environment.get_template("report.html").render(
        report=report,
        conditions=CONDITIONS,
        form_rules=FORMS,
        proof_shares=PROOF_SHARES,
        drawn=tables.before_and_after(marks),
        free=tables.wrong_first(marks, "free"),
        controls=tables.wrong_first(marks, "controls")[: tables.LONGEST_LIST],
        unanswerable=tables.unanswerable_rows(marks),
        changed=tables.changed_rows(marks),
        unlearned=tables.unlearned_rows(marks),
        histogram=tables.histogram(marks["model"]["test"], marks["model"]["unanswerable"]),
        charts=charts_of(curves),
        facts=facts,
        data=script_json({"facts": facts}),
    )


def script_json(value: object) -> Markup:
    """Return JSON that no text in it can end the script element of."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # escaped here
