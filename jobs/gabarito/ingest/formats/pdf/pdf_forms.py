"""What stands on the pages of a PDF beside their text: values of forms, typed notes, files."""

import ctypes
from collections.abc import Callable, Iterator

import pypdfium2 as pypdfium
import pypdfium2.raw as pdfium

from gabarito.ingest.blocks import LeftOut, Omission
from gabarito.ingest.formats.pdf.letters.pdf_fonts import Font
from gabarito.ingest.formats.pdf.letters.pdf_words import Word
from gabarito.ingest.page import fold

MAX_ANNOTATIONS = 20_000
MAX_BYTES = 1 << 20
"""A value that is longer is cut."""

_FONT = Font("form", 0)
_SIZE = 10.0
_OPTION_HEIGHT = 8.0
"""No option of a list is lower than this."""

_HIDDEN_FLAGS = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13
_TEXT_FIELDS = frozenset({pdfium.FPDF_FORMFIELD_TEXTFIELD, pdfium.FPDF_FORMFIELD_COMBOBOX})
_BOXES = frozenset({pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON})
_NO_COMMENTS = frozenset(
    {pdfium.FPDF_ANNOT_POPUP, pdfium.FPDF_ANNOT_LINK, pdfium.FPDF_ANNOT_FILEATTACHMENT}
)


def values_of(
    document: pypdfium.PdfDocument, page: pypdfium.PdfPage, seen: set[str]
) -> tuple[list[Word], list[LeftOut]]:
    """Return what is written over a page, where it stands, and the comments on it.

    A field that stands on several pages is given once; ``seen`` holds the fields so far.
    """
    words: list[Word] = []
    told: list[LeftOut] = []
    for at in range(min(pdfium.FPDFPage_GetAnnotCount(page), MAX_ANNOTATIONS)):
        note = pdfium.FPDFPage_GetAnnot(page, at)
        if not note:
            continue
        try:
            kind = pdfium.FPDFAnnot_GetSubtype(note)
            if kind == pdfium.FPDF_ANNOT_WIDGET:
                text = _value(document, note, seen)
            else:
                text = _string(pdfium.FPDFAnnot_GetStringValue, note, b"Contents")
            if kind == pdfium.FPDF_ANNOT_FILEATTACHMENT:
                told.append(LeftOut(Omission.EMBEDDED, 1, fold(text)[:80]))
            elif text.strip() and pdfium.FPDFAnnot_GetFlags(note) & _HIDDEN_FLAGS:
                told.append(LeftOut.of(Omission.HIDDEN, text))
            elif text.strip() and kind in (pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT):
                words += _words(note, text)
            elif text.strip() and kind not in _NO_COMMENTS:
                told.append(LeftOut.of(Omission.COMMENT, text))
        finally:
            pdfium.FPDFPage_CloseAnnot(note)
    return words, told


def attachments(document: pypdfium.PdfDocument) -> Iterator[LeftOut]:
    """Yield the files that a document carries."""
    for at in range(min(pdfium.FPDFDoc_GetAttachmentCount(document), MAX_ANNOTATIONS)):
        file = pdfium.FPDFDoc_GetAttachment(document, at)
        name = _string(pdfium.FPDFAttachment_GetName, file) if file else ""
        yield LeftOut(Omission.EMBEDDED, 1, fold(name)[:80])


def unread_forms(document: pypdfium.PdfDocument) -> Iterator[LeftOut]:
    """Yield a form of which the pages hold but a request to open it in another program."""
    if document.get_formtype() == pdfium.FORMTYPE_XFA_FULL:
        yield LeftOut(Omission.DAMAGED, 1, "a form in XFA; print it to a PDF from Adobe Reader")


def _value(document: pypdfium.PdfDocument, note: pdfium.FPDF_ANNOTATION, seen: set[str]) -> str:
    forms = document.formenv
    if forms is None:
        return ""
    kind = pdfium.FPDFAnnot_GetFormFieldType(forms, note)
    if kind in _BOXES:
        return "[x]" if pdfium.FPDFAnnot_IsChecked(forms, note) else "[ ]"
    if kind == pdfium.FPDF_FORMFIELD_LISTBOX:
        return "\n".join(_options(forms, note))
    name = _string(pdfium.FPDFAnnot_GetFormFieldName, forms, note)
    is_password = pdfium.FPDFAnnot_GetFormFieldFlags(forms, note) & _PASSWORD
    if kind not in _TEXT_FIELDS or name in seen or is_password:
        return ""
    seen.add(name)
    return _string(pdfium.FPDFAnnot_GetFormFieldValue, forms, note)


def _options(forms: pypdfium.PdfFormEnv, note: pdfium.FPDF_ANNOTATION) -> Iterator[str]:
    """Yield what a list that is always open shows, with what is chosen of it."""
    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(note, ctypes.byref(box))
    seen = abs(box.top - box.bottom) / _OPTION_HEIGHT
    for at in range(min(pdfium.FPDFAnnot_GetOptionCount(forms, note), MAX_ANNOTATIONS)):
        is_chosen = pdfium.FPDFAnnot_IsOptionSelected(forms, note, at)
        if is_chosen or at < seen:
            label = _string(pdfium.FPDFAnnot_GetOptionLabel, forms, note, at)
            yield f"[{'x' if is_chosen else ' '}] {label}"


def _string(ask: Callable[..., int], *what: object) -> str:
    """Ask for a text of UTF-16, first how long it is."""
    size = min(ask(*what, None, 0), MAX_BYTES)
    buffer = ctypes.create_string_buffer(max(size, 2))
    ask(*what, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0")


def _words(note: pdfium.FPDF_ANNOTATION, text: str) -> Iterator[Word]:
    """Yield the lines of a value where they stand in its box."""
    box = pdfium.FS_RECTF()
    pdfium.FPDFAnnot_GetRect(note, ctypes.byref(box))
    left, height = min(box.left, box.right), abs(box.top - box.bottom)
    lines = [fold(line) for line in text.replace("\r", "\n").split("\n") if line.strip()]
    size = min(_SIZE, max(height / max(len(lines), 1) * 0.8, 4.0))
    top = max(box.top, box.bottom)
    first = top - size if len(lines) > 1 else min(box.top, box.bottom) + (height - 0.7 * size) / 2
    for at, line in enumerate(lines):
        width = len(line) * size / 2
        yield Word(line, left, left + width, first - 1.2 * size * at, size, _FONT, 0, True)
