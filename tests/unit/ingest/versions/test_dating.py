from datetime import UTC, datetime, timedelta

import pytest

from gabarito.ingest.versions.dating import Newer, newer_of
from gabarito.ingest.versions.origin import Origin

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def newer(first: str, second: str) -> Newer:
    return newer_of(Origin("a.md"), first, Origin("b.md"), second)


@pytest.mark.parametrize(
    ("older", "later"),
    [
        ("Versão de 3 de março de 2024", "Versão de 1º de fevereiro de 2025"),
        ("vigente a partir de 01/02/2024", "vigente a partir de 15/01/2025"),
        ("Atualizado em: 12/2024", "Atualizado em: 01/2025"),
        ("Effective as of March 1, 2024", "Effective as of 1 February 2025"),
        ("Last updated: 2024-12-31", "Last updated: 2025-01-01"),
        ("valid from 2024", "valid from 2025"),
        ("Stand: 31.12.2024", "Stand: 1.1.2025"),
        ("gültig ab dem 1. März 2024", "gültig ab 1. Februar 2025"),
        ("Fassung vom 2. Jänner 2024", "Fassung vom 3. Januar 2024"),
        ("en vigueur à compter du 1er mars 2024", "en vigueur au 2 février 2025"),
        ("Mise à jour le 31/12/2024", "Mise à jour le 01/01/2025"),
        ("vigente desde el 3 de marzo de 2024", "vigente desde el 2 de enero de 2025"),
        ("in vigore dal 1 marzo 2024", "in vigore dal 2 gennaio 2025"),
        ("Datum: 31.12.2024", "Datum: 01.01.2025"),
        ("# Policy, version 2", "# Policy, version 2.1"),
        ("Rev. 9", "Rev. 10"),
        ("Version 3.2", "Version 3.10"),
        ("Stand: 12.2024", "Stand: 01.2025"),
        ("# Fees 2024\n\nTen euros.", "# Fees 2025\n\nTwelve euros."),
        ("Taxas – dezembro de 2024\n\nDez.", "Taxas – janeiro de 2025\n\nDoze."),
        ("# Fees 2023/2024", "# Fees 2024/2025"),
        ("Version of 1 May 2023", "Version of 1 May 2023; version of 2 June 2024"),
    ],
)
def test_the_later_by_what_the_text_says_is_the_newer(older: str, later: str) -> None:
    assert (newer(older, later).order, newer(later, older).order) == (-1, 1)
    assert newer(older, later).is_certain


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("effective 03/04/2025", "effective 04/03/2025"),
        ("effective 2025", "effective March 2025"),
        ("the law of 3 May 2024 says", "the law of 4 May 2025 says"),
        ("It runs on " + "any computer and " * 9 + "version 3", "It runs on version 4" + " x" * 99),
        ("effective 2025-13-45", "effective 2025-12-01"),
        ("", "Stand: 1.1.2025"),
        ("# Fees 2024", "# Prices 2025"),
        ("# Lei n.º 5/2024", "# Lei n.º 5/2025"),
    ],
)
def test_what_tells_no_day_for_both_tells_nothing(first: str, second: str) -> None:
    assert newer(first, second) == Newer()


@pytest.mark.parametrize(
    ("older", "later"),
    [
        ("policy-2024.md", "policy-2025.pdf"),
        ("2024/policy.md", "2025/policy.md"),
        ("policy 2024-11.md", "policy 2024-12.md"),
        ("policy_31-12-2024.md", "policy_01-01-2025.md"),
        ("20241231 policy.md", "20250101 policy.md"),
        ("policy v9.md", "policy v10.md"),
        ("policy.md", "policy-v2.md"),
        ("v1/policy.md", "v2/policy.md"),
        ("política-antiga.md", "política.md"),
        ("richtlinie_alt.md", "richtlinie.md"),
        ("números.md", "números-atualizado.md"),
        ("policy-old.md", "policy-new.md"),
    ],
)
def test_the_later_by_its_name_is_the_newer(older: str, later: str) -> None:
    verdict = newer_of(Origin(older), "", Origin(later), "")
    assert (verdict.order, verdict.by) == (-1, "by its name")


@pytest.mark.parametrize(
    ("first", "second"),
    [("a-1.md", "a-2.md"), ("a.md", "a-2023.md"), ("a-v1.md", "b-v2.md"), ("a (1).md", "a.md")],
)
def test_names_that_tell_no_age_tell_nothing(first: str, second: str) -> None:
    assert newer_of(Origin(first), "", Origin(second), "") == Newer()


def test_the_text_goes_before_properties_names_sources_and_times() -> None:
    first = Origin("a-2025.md", date="2024-05-01T10:00:00Z", place=0, modified=MOMENT)
    second = Origin("a-2024.md", date="2024-05-02", place=1, modified=MOMENT + timedelta(days=9))
    said = newer_of(first, "Stand: 2.1.2025", second, "Stand: 1.1.2025")
    assert said.by == "by the date in its text"
    assert newer_of(first, "", second, "") == Newer(-1, "by its properties")
    undated = Origin("a-2024.md", place=1, modified=MOMENT + timedelta(days=9))
    assert newer_of(first, "", undated, "") == Newer(1, "by its name", is_certain=True)
    placed = Origin("b.md", place=1, modified=MOMENT + timedelta(days=9))
    assert newer_of(first, "", placed, "") == Newer(1, "by the order of the sources")


def test_the_time_of_a_file_counts_unless_both_were_copied_together() -> None:
    first = Origin("a.md", modified=MOMENT)
    later = Origin("b.md", modified=MOMENT + timedelta(days=1))
    soon = Origin("b.md", modified=MOMENT + timedelta(minutes=1))
    assert newer_of(first, "", later, "") == Newer(-1, "by its file's time")
    assert newer_of(first, "", soon, "") == Newer()
