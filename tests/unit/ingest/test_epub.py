import io
import zipfile

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Omission
from gabarito.ingest.formats.text import epub
from gabarito.ingest.formats.text.epub import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
NAMES = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
FONTS = "http://www.idpf.org/2008/embedding"
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def chapter(body: str) -> str:
    return f'<?xml version="1.0"?><html {NAMES}><head><title/></head><body>{body}</body></html>'


def book(
    chapters: dict[str, str],
    order: str = "",
    more: dict[str, str] | None = None,
    guide: str = "",
) -> bytes:
    kinds = {"nav": ' properties="nav"'}
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"'
        f"{kinds.get(name, '')}/>"
        for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in (order.split() or chapters))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>O vale</dc:title>'
        f"<dc:date>2021-05-02</dc:date></metadata><manifest>{items}</manifest>"
        f"<spine>{spine}</spine>{guide}</package>"
    )
    parts = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package, **(more or {})}
    parts |= {f"OEBPS/{name}.xhtml": chapter(body) for name, body in chapters.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def page(data: bytes) -> BlockPage:
    return read(data, Hints(languages=("pt",)))


def locked(way: str) -> dict[str, str]:
    lock = f'<EncryptedData><EncryptionMethod Algorithm="{way}"/></EncryptedData>'
    return {"META-INF/encryption.xml": f"<encryption>{lock}</encryption>"}


def test_chapters_stand_in_the_order_of_the_book_with_its_title_and_date() -> None:
    found = page(book({"b": "<h1>Dois</h1>", "a": "<h1>Um</h1>"}, order="a b"))
    assert (render(found.blocks), found.title, found.date) == (
        "# Um\n\n# Dois", "O vale", "2021-05-02"
    )  # fmt: skip


def test_a_note_in_a_file_of_its_own_follows_what_refers_to_it() -> None:
    text = '<p>Abriu em 1987<a epub:type="noteref" href="n.xhtml#x" id="r"><sup>1</sup></a>.</p>'
    note = '<aside id="x"><p><a href="a.xhtml#r">1</a> Segundo o arquivo.</p></aside>'
    found = page(book({"a": text, "b": "<p>Fim.</p>", "n": note}))
    assert render(found.blocks) == "Abriu em 1987 [1].\n\n[1] Segundo o arquivo.\n\nFim."


def test_a_note_without_a_number_keeps_the_line_that_it_is_about() -> None:
    text = '<p>O rio corre,<a epub:type="noteref" href="#n" id="r">*</a></p>'
    note = '<div id="n"><p><a href="#r">Linha 20.</a> Segundo o arquivo.</p></div>'
    found = page(book({"a": f"{text}<p>Fim.</p>{note}"}))
    assert "[*] Linha 20. Segundo o arquivo." in render(found.blocks)


def test_an_empty_anchor_swallows_nothing_and_entities_are_letters() -> None:
    found = page(book({"a": '<p><a id="x"/>Caf&eacute;&nbsp;&amp; p&atilde;o</p><p>Fim</p>'}))
    assert render(found.blocks) == "Café & pão\n\nFim"


def test_contents_and_what_stands_in_no_order_are_accounted_for() -> None:
    parts = {"nav": "<nav><p>Um dois</p></nav>", "a": "<p>Texto.</p>", "z": "<p>Solto aqui.</p>"}
    found = page(book(parts, order="nav a"))
    assert render(found.blocks) == "Texto."
    assert [(one.why, one.words) for one in found.left_out] == [
        (Omission.NAVIGATION, 2),
        (Omission.AROUND, 2),
    ]


@pytest.mark.parametrize(
    ("told", "listed"),
    [
        ("<p>A ponte foi feita de pedra.</p>" * 6, False),
        ("<p>Capítulo primeiro</p><p>Capítulo segundo</p>", True),
        ("<p><a href=b.xhtml>Que trata da ponte de pedra.</a></p>" * 6, True),
    ],
)
def test_a_chapter_with_the_contents_in_it_stays_and_contents_alone_go(
    told: str, listed: bool
) -> None:
    guide = '<guide><reference type="toc" href="a.xhtml#contents"/></guide>'
    data = book({"a": told, "b": "<p>Fim.</p>"}, guide=guide)
    found = page(data)
    assert render(found.blocks).endswith("Fim.")
    assert [one.why for one in found.left_out] == [Omission.NAVIGATION] * listed
    assert ("ponte" in render(found.blocks)) is not listed


def test_a_page_that_says_the_title_alone_is_not_read_again() -> None:
    found = page(book({"t": "<h1>O vale</h1>", "a": "<p>Um.</p>"}))
    assert (render(found.blocks), found.left_out[0].why) == ("Um.", Omission.REPEATED)


def test_a_chapter_that_is_gone_costs_no_other() -> None:
    data = book({"a": "<p>Um.</p>", "b": "<p>Dois.</p>"})
    found = page(data.replace(b"OEBPS/b.xhtml", b"OEBPS/x.xhtml"))
    assert render(found.blocks) == "Um."
    assert found.left_out[0].why == Omission.DAMAGED
    assert found.left_out[0].sample == "OEBPS/b.xhtml is not in it"


@pytest.mark.parametrize("at", ["method", "content"])
def test_a_chapter_that_cannot_be_unpacked_costs_no_other(at: str) -> None:
    data = bytearray(book({"a": "<p>Um.</p>", "b": f"<p>{'Dois. ' * 50}</p>"}))
    name = b"OEBPS/b.xhtml"
    local, listed = data.index(name), data.rindex(name)
    if at == "method":  # of packing: one that no library knows
        data[local - 22 : local - 20] = data[listed - 36 : listed - 34] = b"\x63\0"
    else:
        data[local + len(name)] ^= 0xFF
    found = page(bytes(data))
    assert (render(found.blocks), found.left_out[0].why) == ("Um.", Omission.DAMAGED)


def test_a_locked_book_is_refused_and_one_with_locked_fonts_is_read() -> None:
    assert page(book({"a": "<p>Um.</p>"}, more=locked(FONTS))).blocks
    with pytest.raises(Dropped) as caught:
        page(book({"a": "<p>Um.</p>"}, more=locked(AES)))
    assert caught.value.reason == IngestReason.ENCRYPTED


def test_a_book_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epub, "MAX_BYTES", 2000)
    with pytest.raises(Dropped) as caught:
        page(book({"a": "<p>a</p>" * 1000}))
    assert caught.value.reason == IngestReason.TOO_LARGE


@pytest.mark.parametrize("data", [b"PK\x03\x04 no book", b"", book({})[:-40]])
def test_what_is_no_book_is_unreadable(data: bytes) -> None:
    with pytest.raises(Dropped) as caught:
        page(data)
    assert caught.value.reason == IngestReason.UNREADABLE


def test_a_part_that_the_book_names_often_is_read_once() -> None:
    names = ["a", "./a", "b/../a"]
    data = book(dict.fromkeys(names, chapter("<p>It opens at nine.</p>")))
    assert render(page(data).blocks).count("nine") == 1


def test_letters_that_were_decoded_twice_are_counted_in_a_book() -> None:
    twice = "A operação começa às nove; a inauguração não.".encode().decode("cp1252")
    found = page(book({"a": f"<p>{twice * 3}</p>"}))
    assert "A operação começa às nove" in render(found.blocks)
    assert found.decoded_again > 5
