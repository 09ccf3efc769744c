"""Write the pages of the sample as people have them: Markdown, saved web pages, PDF and Word.

sample/pages/*.md  ->  jobs/gabarito/demo/sources/
"""

import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import click
import docx
import fpdf
from fpdf.enums import XPos, YPos

from sample.facts import cells, page_format, page_text, pages

SOURCES = Path(str(files("gabarito.demo"))) / "sources"
SAVED_AT = datetime(2025, 6, 2, 9, 30, tzinfo=UTC)
OLD_ENCODING = ("estadios",)
"""Web pages saved in windows-1252, as many still are."""

_ZIP_DATE = (2025, 6, 2, 9, 30, 0)
_BLOCKS = re.compile(r"\n{2,}")

Block = tuple[str, list[str]]
"""A kind (title, heading, text, list, table) and its lines."""


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a page."""
    for part in _BLOCKS.split(text.strip()):
        lines = part.splitlines()
        first = lines[0]
        if first.startswith("# "):
            yield "title", [first[2:]]
        elif first.startswith("## "):
            yield "heading", [first[3:]]
        elif first.startswith("- "):
            yield "list", [line[2:] for line in lines]
        elif first.startswith("|"):
            yield "table", [lines[0], *lines[2:]]
        else:
            yield "text", [" ".join(lines)]


def as_html(page: str) -> bytes:
    """Return a page as a news site would save it: menu, cookie banner, side column, footer."""
    encoding = "windows-1252" if page in OLD_ENCODING else "utf-8"
    parts = list(blocks(page_text(page)))
    title = parts[0][1][0]
    main = "\n".join(_html_block(*block) for block in parts)
    frame = Path(__file__).with_name("frame.html").read_text(encoding="utf-8")
    whole = frame.format(encoding=encoding, title=html.escape(title), main=main)
    return whole.encode(encoding)


def as_pdf(page: str) -> bytes:
    """Return a page as a PDF of A4 sheets."""
    pdf = fpdf.FPDF()
    pdf.set_creation_date(SAVED_AT)
    pdf.add_page()
    for kind, lines in blocks(page_text(page)):
        if kind == "title":
            pdf.set_title(lines[0])
        style, size = ("B", 16) if kind == "title" else ("", 11)
        pdf.set_font("Helvetica", style, size)
        for line in lines:
            pdf.multi_cell(0, 7, line, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(3)
    return bytes(pdf.output())


def as_docx(page: str) -> bytes:
    """Return a page as a Word document."""
    document = docx.Document()
    for kind, lines in blocks(page_text(page)):
        if kind == "title":
            document.core_properties.title = lines[0]
        if kind == "table":
            table = document.add_table(rows=0, cols=len(cells(lines[0])))
            for line in lines:
                for cell, text in zip(table.add_row().cells, cells(line), strict=True):
                    cell.text = text
        elif kind in ("title", "heading"):
            document.add_heading(lines[0], level=1 if kind == "title" else 2)
        else:
            document.add_paragraph(lines[0])
    properties = document.core_properties
    properties.author = "Redação"
    properties.created = properties.modified = SAVED_AT.replace(tzinfo=None)
    buffer = io.BytesIO()
    document.save(buffer)
    return _with_fixed_dates(buffer.getvalue())


WRITERS: dict[str, Callable[[str], bytes]] = {
    "md": lambda page: page_text(page).encode(),
    "html": as_html,
    "pdf": as_pdf,
    "docx": as_docx,
}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=SOURCES)
def main(folder: Path) -> None:
    """Write every page into FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in pages():
        kind = page_format(page)
        (folder / f"{page}.{kind}").write_bytes(WRITERS[kind](page))
    click.echo(f"wrote {len(pages())} pages into {folder}")


def _html_block(kind: str, lines: list[str]) -> str:
    if kind == "table":
        return _html_table([cells(line) for line in lines])
    escaped = [html.escape(line) for line in lines]
    if kind == "list":
        return "<ul>\n" + "\n".join(f"<li>{line}</li>" for line in escaped) + "\n</ul>"
    tag = {"title": "h1", "heading": "h2"}.get(kind, "p")
    return f"<{tag}>{escaped[0]}</{tag}>"


def _html_table(rows: list[list[str]]) -> str:
    lines = []
    for number, row in enumerate(rows):
        tag = "td" if number else "th"
        inner = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
        lines.append(f"<tr>{inner}</tr>")
    return '<table class="dados">\n' + "\n".join(lines) + "\n</table>"


def _with_fixed_dates(data: bytes) -> bytes:
    """Return a zip file whose entries all have one date: the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, _ZIP_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return buffer.getvalue()


if __name__ == "__main__":
    main()
