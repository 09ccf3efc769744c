from email.message import EmailMessage

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.block_text import render
from gabarito.ingest.blocks import BlockPage, Omission, Quote
from gabarito.ingest.formats.text.mail import read
from gabarito.ingest.outcomes import Dropped
from gabarito.ingest.page import Hints

HEAD = "From: a@x.example\nTo: b@x.example\nSubject: Prazo"
SHOWN = "From: a@x.example\nTo: b@x.example\nSubject: Prazo"


def page(data: bytes) -> BlockPage:
    return read(data, Hints(languages=("pt", "en")))


def text(body: str, head: str = HEAD) -> str:
    return render(page(f"{head}\n\n{body}".encode()).blocks).removeprefix(SHOWN).strip()


def message(plain: str = "", html: str = "") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@x.example", "b@x.example", "Prazo"
    made.set_content(plain)
    if html:
        made.add_alternative(html, subtype="html")
    return made


def body(made: EmailMessage) -> str:
    return render(page(made.as_bytes()).blocks).removeprefix(SHOWN).strip()


def test_headers_stand_before_the_text_and_give_title_and_date() -> None:
    head = (
        "From: =?utf-8?q?Se=C3=A7=C3=A3o?= <a@x.example>\nX-Other: 1\n"
        "Date: Tue, 5 Mar 2024 10:00:00 -0300\nSubject: =?iso-8859-1?Q?F=E9rias?="
    )
    found = page(f"{head}\n\nTexto.\n".encode())
    assert (found.title, found.date) == ("Férias", "2024-03-05")
    assert render(found.blocks) == (
        "From: Seção <a@x.example>\nDate: Tue, 5 Mar 2024 10:00:00 -0300\nSubject: Férias\n\nTexto."
    )


def test_what_is_quoted_is_a_quotation() -> None:
    found = page(f"{HEAD}\n\nSim.\n\n> Pode ser dia 5?\n>> Ou 6?\n\nAté logo.".encode())
    assert Quote("Pode ser dia 5?\nOu 6?") in found.blocks
    assert render(found.blocks).endswith("Sim.\n\nPode ser dia 5?\nOu 6?\n\nAté logo.")


def test_of_two_forms_of_one_text_one_is_read() -> None:
    table = "<table><tr><td>Taxa</td><td>7</td></tr><tr><td>Dia</td><td>5</td></tr></table>"
    assert body(message("Taxa 7 Dia 5", f"<p>Olá</p>{table}")) == (
        "Olá\n\n| Taxa | 7 |\n| Dia | 5 |"
    )


def test_html_that_says_less_than_the_plain_form_is_not_read() -> None:
    assert body(message("A taxa é de 7 reais por dia.", "<p>Ver anexo</p>")) == (
        "A taxa é de 7 reais por dia."
    )


def test_attachments_are_named_and_not_read() -> None:
    made = message("Segue.")
    made.add_attachment(b"x" * 99, maintype="application", subtype="pdf", filename="taxas.pdf")
    made.add_attachment("nota: 5", filename="nota.txt")
    made.add_attachment(message("Outra."))
    found = page(made.as_bytes())
    assert [(one.why, one.sample) for one in found.left_out] == [
        (Omission.EMBEDDED, "taxas.pdf"),
        (Omission.EMBEDDED, "nota.txt"),
        (Omission.EMBEDDED, "Prazo"),
    ]


@pytest.mark.parametrize("charset", ["utf-8", "x-unknown", "us-ascii", "iso-8859-1"])
def test_a_wrong_charset_costs_no_text(charset: str) -> None:
    head = f"{HEAD}\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit"
    assert text("A operação começou.", head) == "A operação começou."


def test_lines_broken_by_the_sender_are_joined_where_it_says_so() -> None:
    head = f"{HEAD}\nContent-Type: text/plain; format=flowed"
    assert text("O prazo é \ndia 5.\n> E a \n> taxa?", head) == "O prazo é dia 5.\n\nE a taxa?"


@pytest.mark.parametrize("data", [b"", b"Uma frase sem mais nada.\n", b"\x00\x01\x02" * 50])
def test_what_has_no_headers_is_no_message(data: bytes) -> None:
    with pytest.raises(Dropped) as caught:
        page(data)
    assert caught.value.reason == IngestReason.NOT_TEXT


def test_parts_nested_without_end_are_one_files_verdict() -> None:
    begin = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2000)
    )
    with pytest.raises(Dropped) as caught:
        page(f"{HEAD}\n{begin}\n\nfim".encode())
    assert caught.value.reason == IngestReason.UNREADABLE


def test_what_only_the_plain_form_says_is_counted() -> None:
    story = "O prazo é sexta, às 10 horas, na sala da câmara, à qual se chega pela rua de trás."
    made = message(f"{story}\n\nCódigo: 8812", f"<p>{story}</p>")
    found = page(made.as_bytes())
    assert [(one.why, one.sample) for one in found.left_out] == [
        (Omission.OTHER_FORM, "Código: 8812")
    ]


def test_an_invitation_beside_the_text_is_named() -> None:
    made = message("Venha à reunião.", "<p>Venha à reunião.</p>")
    made.add_alternative("BEGIN:VCALENDAR\nEND:VCALENDAR", subtype="calendar")
    found = page(made.as_bytes())
    assert [(one.why, one.sample) for one in found.left_out] == [
        (Omission.EMBEDDED, "text/calendar")
    ]
    assert body(made) == "Venha à reunião."


def test_the_name_of_an_attachment_is_decoded() -> None:
    name = "=?utf-8?q?Relat=C3=B3rio=2Epdf?="
    part = f'Content-Type: application/pdf; name="{name}"\nContent-Disposition: attachment\n\nx'
    mixed = f"{HEAD}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    found = page(f"{mixed}--b\n\nOlá.\n--b\n{part}\n--b--\n".encode())
    assert [one.sample for one in found.left_out] == ["Relatório.pdf"]


def test_letters_that_were_decoded_twice_are_counted_in_a_message() -> None:
    twice = "A operação começa às nove; a inauguração não.".encode().decode("cp1252")
    found = page(message(twice * 3).as_bytes())
    assert "A operação começa às nove" in render(found.blocks)
    assert found.decoded_again > 5
