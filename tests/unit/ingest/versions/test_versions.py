"""Pairs of documents and what becomes of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from gabarito.core.reasons import IngestReason
from gabarito.ingest.config import KeptVersions
from gabarito.ingest.versions import resolve
from gabarito.ingest.versions.origin import Origin
from gabarito.ingest.versions.resolve import Versions, VersionVerdict

COPIED = datetime(2026, 1, 5, 9, tzinfo=UTC)

SAME, EXACT = IngestReason.OTHER_FORM, IngestReason.EXACT_DUPLICATE
OLDER, CONFLICT = IngestReason.SUPERSEDED, IngestReason.CONFLICT
CONTAINED = IngestReason.CONTAINED

LIBRARY = (
    "A biblioteca do bairro empresta até cinco livros por pessoa durante 30 dias, e o leitor pode "
    "renovar o empréstimo uma vez pelo telefone ou no balcão. Quem atrasa a devolução paga uma "
    "multa pequena por dia e fica sem novos empréstimos até acertar a conta. É permitido levar "
    "revistas antigas para casa, mas os dicionários e os mapas ficam sempre na sala de leitura, "
    "onde a bibliotecária Marta Nunes ajuda os estudantes a achar o que procuram para a escola."
)
LEAVE = (
    "Employees may carry over unused leave into the following year if their manager agrees in "
    "writing before the end of December. A request is made on the usual form and answered within "
    "30 days. Leave that was carried over expires at the end of March, and it is not paid out in "
    "money except when the employment ends. Questions about leave are answered by the office on "
    "the second floor, which is open every morning and keeps the records of all departments."
)
URLAUB = (
    "Der Antrag auf Urlaub wird schriftlich gestellt und muss mindestens 14 Tage vor dem ersten "
    "Urlaubstag bei der Leitung vorliegen. Sie entscheidet innerhalb einer Woche und teilt die "
    "Entscheidung allen Beteiligten mit. Resturlaub verfällt am letzten Tag des März, sofern er "
    "nicht aus betrieblichen Gründen verschoben wurde. Für Teilzeitkräfte gilt der Anspruch "
    "anteilig, und halbe Tage werden auf ganze aufgerundet, wenn der Betrieb es zulässt."
)
PISCINE = (
    "La piscine du quartier ouvre à 9 heures et ferme à 20 heures, sauf le dimanche où elle ferme "
    "à midi. Le bonnet est obligatoire et la douche aussi. Les enfants de moins de huit ans sont "
    "accompagnés d'un adulte qui reste dans l'eau avec eux. Un casier coûte une pièce, rendue à la "
    "sortie, et la direction ne répond pas des objets perdus. Les cours ont lieu le mardi soir."
)
GARANTIA = (
    "La garantía del aparato cubre los defectos de fabricación durante 24 meses desde la fecha de "
    "compra que figura en la factura. El cliente lleva el aparato al taller con su caja y el "
    "recibo, y el taller lo repara o lo cambia por otro igual sin ningún gasto. Quedan fuera los "
    "golpes, el agua y las baterías, que se gastan con el uso, así como las reparaciones hechas "
    "por quien no tiene permiso del fabricante."
)
CONDOMINIO = (
    "Il cortile del condominio è aperto ai bambini dalle 10 alle 19, e nelle ore del riposo si "
    "gioca senza pallone. Le biciclette si lasciano nella rastrelliera accanto al portone e non "
    "sulle scale. Chi annaffia i balconi lo fa la sera e avverte chi abita sotto. Le spese per la "
    "pulizia sono divise in parti uguali e si pagano entro il giorno 5 del mese successivo."
)
TABLE = "\n".join(f"| bolt M{n} | {n * 3} mm | {n * 7} pieces in a box |" for n in range(2, 30))


def decided(
    *documents: tuple[Origin, str], least_shared: float = 0.8, kept: KeptVersions = "newest"
) -> Mapping[str, VersionVerdict]:
    """Return the verdicts by the names of the documents."""
    versions = Versions(least_shared, kept)
    for origin, text in documents:
        versions.add(origin, text)
    verdicts = versions.decide(lambda number: documents[number][1])
    return {documents[number][0].name: verdict for number, verdict in verdicts.items()}


def fate(first: str, second: str, names: tuple[str, str] = ("a.txt", "b.txt")) -> dict[str, str]:
    """Return what becomes of two texts that one copy laid into one folder."""
    origins = (Origin(name, modified=COPIED) for name in names)
    verdicts = decided(*zip(origins, (first, second), strict=True))
    return {name: verdict.reason.value for name, verdict in verdicts.items()}


def wrapped(text: str, width: int = 60, header: str = "") -> str:
    """Return a text as a page shows it: in lines, a word parted, with a line above each page."""
    text = text.replace("telefone", "tele-\nfone").replace("written", "writ-\nten")
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    lines.append(line)
    for number in range(0, len(lines), 2):
        lines[number] = (header.format(number + 1) + "\n" if header else "") + lines[number]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(LIBRARY, LIBRARY.replace("30 dias", "45 dias"), id="a figure, pt"),
        pytest.param(LEAVE, LEAVE.replace("30 days", "3 days"), id="a figure, en"),
        pytest.param(URLAUB, URLAUB.replace("14 Tage", "21 Tage"), id="a figure, de"),
        pytest.param(PISCINE, PISCINE.replace("20 heures", "20h30"), id="a time, fr"),
        pytest.param(CONDOMINIO, CONDOMINIO.replace("giorno 5", "giorno 15"), id="a figure, it"),
        pytest.param(TABLE, TABLE.replace("| 21 mm", "| 23 mm"), id="a cell"),
        pytest.param(TABLE, TABLE.replace("| 21 mm", "| -21 mm"), id="a sign"),
        pytest.param(LEAVE, LEAVE.replace("30 days", "10⁶ days"), id="an exponent"),
        pytest.param(LIBRARY, LIBRARY.replace("Marta Nunes", "Vera Lopes"), id="a name, pt"),
        pytest.param(LIBRARY, LIBRARY.replace("É perm", "Não é perm"), id="a negation, pt"),
        pytest.param(LEAVE, LEAVE.replace("it is not paid", "it is paid"), id="a negation, en"),
        pytest.param(PISCINE, PISCINE.replace("ne répond pas", "répond"), id="a negation, fr"),
        pytest.param(GARANTIA, GARANTIA.replace("sin ningún", "con algún"), id="a negation, es"),
        pytest.param(
            GARANTIA,
            GARANTIA.replace("Quedan fuera", "El envío corre a cargo del cliente. Quedan fuera"),
            id="a sentence put in",
        ),
        pytest.param(CONDOMINIO, CONDOMINIO.replace("mattina", "x") + " No.", id="an end"),
        pytest.param(LEAVE + " α ≤ 5", LEAVE + " α ≥ 5", id="a comparison"),
        pytest.param(LEAVE + " नियम की बात", LEAVE + " नियम कि बात", id="a vowel sign"),
        pytest.param(LEAVE + " 東京都港区", LEAVE + " 東京都北区", id="a letter of a long word"),
    ],
)
def test_texts_that_differ_in_anything_are_no_twins(first: str, second: str) -> None:
    both = fate(first, second)
    assert both in ({"a.txt": CONFLICT, "b.txt": CONFLICT}, {"a.txt": CONTAINED})
    assert fate(first, second, ("v-2024.txt", "v-2025.txt")) == {"v-2024.txt": OLDER}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(LIBRARY, wrapped(LIBRARY), id="lines of a page"),
        pytest.param(LIBRARY, "# " + LIBRARY.replace("livros", "**livros**"), id="marks"),
        pytest.param(LEAVE, wrapped(LEAVE, 40, "Handbook, page {}"), id="a running title"),
        pytest.param(LEAVE, LEAVE.replace(". ", ".\n- "), id="marks of a list"),
        pytest.param(LEAVE, LEAVE.replace(". A ", ".\n(iii) A "), id="a number of a list"),
        pytest.param(URLAUB, URLAUB.replace("fällt", "ﬀ").replace("ﬀ", "fällt").upper(), id="case"),
        pytest.param(PISCINE, PISCINE.replace("fermé", "x").replace("'", "’"), id="apostrophes"),
        pytest.param(TABLE, TABLE.replace("|", "\t"), id="a table without its lines"),
        pytest.param(LEAVE + " 10⁶ m²", LEAVE + " 10^(6) m2", id="an exponent in other signs"),
    ],
)
def test_the_same_text_in_another_form_is_a_twin(first: str, second: str) -> None:
    assert fate(first, second) in ({"b.txt": SAME}, {"b.txt": EXACT})


@pytest.mark.parametrize(
    ("sentence", "answers"),
    [
        ("O primeiro ônibus sai às {}.", ("9h", "10h")),
        ("A caixa da medida maior é {}.", ("azul", "verde")),
        ("O grupo do nível {}.", ("iii nada às terças", "iv nada às quintas")),
    ],
)
def test_another_answer_at_the_end_is_no_twin(sentence: str, answers: tuple[str, str]) -> None:
    first, second = (f"{LIBRARY} {sentence.format(answer)}" for answer in answers)
    assert fate(first, second) == {"a.txt": CONFLICT, "b.txt": CONFLICT}


FORM = (
    "# {0}\n\nO atacante {0} nasceu em {1} e joga pelo clube desde 2021. É titular da seleção da "
    "Espanha e usa a camisa 9. Marcou 12 gols e deu 8 passes para gol na temporada de 2024, em que "
    "foi campeão nacional e da copa. Tem contrato até 2030 e já foi o melhor em campo 7 vezes "
    "no torneio continental e 5 vezes no campeonato nacional, pelos votos dos leitores do jornal."
)
DECLARATION = "A associação guarda estes dados pelo prazo da lei e os apaga depois. " * 2 + LIBRARY


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(FORM.format("Raphinha", 1996), FORM.format("Vitinha", 2000), id="a title"),
        pytest.param(
            FORM.format("Raphinha", 1996)[12:], FORM.format("Vitinha", 2000)[11:], id="an opening"
        ),
        pytest.param(
            f"{DECLARATION}\n\nNome: Rosa Tavares\nCidade: Évora",
            f"{DECLARATION}\n\nNome: Lia Moreira\nCidade: Faro",
            id="values behind labels",
        ),
        pytest.param(f"Linha 1\n\n{LIBRARY}", f"Linha 2\n\n{LIBRARY}", id="a number in a title"),
        pytest.param(LIBRARY, LEAVE, id="other words"),
        pytest.param(LIBRARY, " ".join(reversed(LIBRARY.split())), id="another order"),
        pytest.param("!!! ???", "??? !!!", id="no words"),
    ],
)
def test_forms_filled_in_anew_and_other_texts_stay_without_a_word(first: str, second: str) -> None:
    assert fate(first, second) == {}
    later = COPIED + timedelta(days=99)
    two = (Origin("a.txt", modified=COPIED), first), (Origin("b.txt", modified=later), second)
    assert decided(*two) == {}


def test_the_year_in_a_title_tells_the_newer_one() -> None:
    old, new = f"# Leave 2024\n\n{LEAVE}", f"# Leave 2025\n\n{LEAVE.replace('30', '20')}"
    assert fate(old, new) == {"a.txt": OLDER}
    assert fate(old, new.replace("# Leave 2025", "# Leave 2024")) == {
        "a.txt": CONFLICT,
        "b.txt": CONFLICT,
    }


def test_the_year_in_a_first_sentence_is_what_the_text_says_and_no_date_of_it() -> None:
    won, before = (f"The final of {year} was played here.\n\n{LEAVE}" for year in (2024, 2025))
    assert fate(won, before) == {"a.txt": CONFLICT, "b.txt": CONFLICT}


def test_forms_that_call_themselves_versions_are_a_conflict() -> None:
    first, second = FORM.format("Raphinha", 1996), FORM.format("Vitinha", 2000)
    both = fate(first, second, ("plan-2024.md", "plan-2025.md"))
    assert both == {"plan-2024.md": CONFLICT, "plan-2025.md": CONFLICT}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (LIBRARY.replace("30 dias", "45 dias"), OLDER),
        (LIBRARY.replace("Marta Nunes", "Vera Lopes"), CONFLICT),
        (LIBRARY.replace(LIBRARY[-80:], "que hoje é outra pessoa e " * 3), CONFLICT),
    ],
)
def test_a_file_s_time_supersedes_unless_a_name_or_a_passage_differs(
    changed: str, reason: IngestReason
) -> None:
    later = COPIED + timedelta(days=99)
    documents = (
        (Origin("a.txt", modified=COPIED), LIBRARY),
        (
            Origin("b.txt", modified=later),
            changed,
        ),
    )
    assert decided(*documents)["a.txt"].reason == reason


def test_what_stands_in_another_document_as_a_whole_is_dropped() -> None:
    whole = f"{LIBRARY}\n\n{LEAVE}"
    assert fate(LEAVE, whole) == {"a.txt": CONTAINED}
    assert fate(whole, LIBRARY) == {"b.txt": CONTAINED}


def test_a_part_that_says_something_else_stays() -> None:
    assert fate(LEAVE.replace("30", "45"), f"{LIBRARY}\n\n{LEAVE}") == {}


def test_a_newer_text_that_was_shortened_supersedes_the_longer_one() -> None:
    shorter = LEAVE.removesuffix(" and keeps the records of all departments.")
    both = fate(LEAVE, shorter, ("leave-2024.md", "leave-2025.md"))
    assert both == {"leave-2024.md": OLDER}


def test_the_form_with_most_structure_stays_or_else_the_first() -> None:
    forms = [Origin("a.txt"), Origin("b.docx", structure=7), Origin("c.pdf", structure=2)]
    texts = LIBRARY, f"# {LIBRARY}", wrapped(LIBRARY)
    verdicts = decided(*zip(forms, texts, strict=True))
    assert {name: verdict.other for name, verdict in verdicts.items()} == {"a.txt": 1, "c.pdf": 1}
    assert list(decided((Origin("z.md"), LIBRARY), (Origin("y.md"), LIBRARY))) == ["y.md"]


def test_the_verdict_names_the_newer_what_differs_and_how_it_is_known() -> None:
    newer = LEAVE.replace("30 days", "45 days").replace("December", "June")
    both = decided((Origin("d/leave-2025.md"), newer), (Origin("d/leave-2024.md"), LEAVE))
    verdict = both["d/leave-2024.md"]
    assert (verdict.reason, verdict.other, verdict.is_kept) == (OLDER, 0, False)
    assert verdict.detail == (
        "superseded by d/leave-2025.md: 2 words differ, such as 30 days / 45 days; "
        "newer by its name"
    )


def test_of_a_row_of_versions_the_newest_stays_and_all_others_name_it() -> None:
    documents = [
        (Origin(f"leave-{year}.md"), LEAVE.replace("30 days", f"{year} days"))
        for year in (2024, 2026, 2023, 2025)
    ]
    verdicts = decided(*documents)
    assert {name: verdict.other for name, verdict in verdicts.items()} == {
        f"leave-{year}.md": 1 for year in (2023, 2024, 2025)
    }


def test_twins_of_versions_go_with_them() -> None:
    newer = LEAVE.replace("30 days", "45 days")
    documents = [
        (Origin("leave-v1.docx", structure=5), f"# {LEAVE}"),
        (Origin("leave-v1.pdf"), wrapped(LEAVE)),
        (Origin("leave-v2.docx", structure=5), f"# {newer}"),
        (Origin("leave-v2.pdf"), wrapped(newer)),
    ]
    verdicts = decided(*documents)
    assert sorted(verdicts) == ["leave-v1.docx", "leave-v1.pdf", "leave-v2.pdf"]
    assert {verdict.other for verdict in verdicts.values()} == {2}


def test_what_a_twin_that_goes_says_of_its_version_counts() -> None:
    newer = LEAVE.replace("30 days", "45 days")
    found = decided(
        (Origin("copy.md"), newer), (Origin("v1 2023.md"), LEAVE), (Origin("v1 2024.md"), newer)
    )
    assert {name: verdict.reason for name, verdict in found.items()} == {
        "v1 2023.md": OLDER,
        "v1 2024.md": EXACT,
    }


def test_all_versions_stay_if_the_settings_say_so_but_no_twins() -> None:
    newer = LEAVE.replace("30 days", "45 days")
    texts = {"leave-2024.md": LEAVE, "leave-2025.md": newer, "leave-2025.txt": wrapped(newer)}
    verdicts = decided(*((Origin(name), text) for name, text in texts.items()), kept="all")
    assert list(verdicts) == ["leave-2025.txt"]


def test_evidence_that_runs_in_a_circle_leaves_one() -> None:
    documents = [
        (Origin("a-2023.md", date="2021-01-01"), LEAVE),
        (Origin("a-2024.md"), LEAVE.replace("30", "31")),
        (Origin("a-2025.md", date="2020-01-01"), LEAVE.replace("30", "32")),
    ]
    assert {name: one.other for name, one in decided(*documents).items()} == {
        "a-2023.md": 2,
        "a-2024.md": 2,
    }


def test_the_share_of_the_settings_decides_what_a_version_is() -> None:
    newer = LEAVE.replace("following year", "year after").replace("second floor", "first floor")
    documents = (Origin("l-2024.md"), LEAVE), (Origin("l-2025.md"), newer)
    assert decided(*documents, least_shared=0.99) == {}
    assert list(decided(*documents, least_shared=0.8)) == ["l-2024.md"]


def test_texts_of_documents_that_are_like_no_other_are_not_read_again() -> None:
    versions = Versions(0.8, "newest")
    for text in (LIBRARY, LEAVE, URLAUB):
        versions.add(Origin("a"), text)
    assert versions.decide([].__getitem__) == {}


def test_long_texts_that_are_much_alike_are_named_and_both_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolve, "MAX_ALIGNED_CHARS", 100)
    newer = LEAVE.replace("30", "31")
    verdicts = decided((Origin("l-2024.md"), LEAVE), (Origin("l-2025.md"), newer))
    assert {one.reason for one in verdicts.values()} == {IngestReason.CONFLICT}
    assert "too long to be compared" in verdicts["l-2024.md"].detail


@pytest.mark.parametrize(
    ("second", "expected"),
    [("https://a.org/all", {"https://a.org/2": IngestReason.SAME_PAGE}), ("https://a.org/1", {})],
)
def test_pages_of_one_pattern_with_one_wrong_address_both_stay(
    second: str, expected: dict[str, IngestReason]
) -> None:
    """What is found at the address itself may be written anew while it is read."""
    names, page = ("https://a.org/2", second), "https://a.org/all"
    structure = {second: 1}
    origins = [Origin(name, structure.get(name, 0), page=page) for name in names]
    texts = (f"{LIBRARY} Marta reads {lines}." for lines in ("nine lines", "no line today"))
    verdicts = decided(*zip(origins, texts, strict=True))
    dropped = {name: one.reason for name, one in verdicts.items() if not one.is_kept}
    assert dropped == expected
