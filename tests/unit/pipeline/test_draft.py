"""`gabarito init FOLDER`: a pipeline file from what lies there, which works as it is."""

import os
import re
import resource
from pathlib import Path

import pytest
from tests.sources import only_source

from gabarito.cli import main
from gabarito.ingest.config import IngestConfig
from gabarito.ingest.pairs.pairs_source import PairsSource
from gabarito.ingest.sources import FilesSource
from gabarito.pipeline.draft import draft
from gabarito.pipeline.runs import new_run
from gabarito.pipeline.schema import PartialPipeline, read_pipeline

ENGLISH = "The library opens at nine and closes at six, except on Sundays. " * 6
PORTUGUESE = (
    "A biblioteca da cidade não abre aos domingos. As inscrições são gratuitas e podem ser feitas "
    "por qualquer morador, que deve levar um documento com a sua fotografia. "
) * 3
DUTCH = (
    "De bibliotheek is open van negen tot zes uur, behalve op zondag. Iedereen die in de stad "
    "woont kan zich gratis inschrijven en mag vijf boeken tegelijk meenemen. "
)


def init(folder: str, *options: str) -> int:
    """Run the command and return its exit code."""
    try:
        main(["--log-format", "text", "init", folder, *options])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def written(path: str = "pipeline.yaml") -> PartialPipeline:
    return read_pipeline(Path(path), last="ingest")


def files_source(path: str = "pipeline.yaml") -> FilesSource:
    return only_source(written(path).ingest, FilesSource)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of documents in the folder from which the command is called."""
    monkeypatch.chdir(tmp_path)
    docs = tmp_path / "Manual da Ação"
    docs.mkdir()
    (docs / "a.md").write_text(ENGLISH)
    (docs / "B.TXT").write_text(PORTUGUESE)
    (docs / "c.doc").write_bytes(b"anything")
    (docs / "d.png").write_bytes(b"anything")
    return docs


def test_the_file_names_what_lies_there(folder: Path) -> None:
    assert init(folder.name) == 0
    pipeline, source = written(), files_source()
    assert pipeline.name == "manual-da-acao"
    assert (source.path, source.include) == (str(folder), ("*",))
    assert sorted(pipeline.ingest.detect[:2]) == ["en", "pt"]
    text = Path("pipeline.yaml").read_text()
    assert "      # 1 file .TXT, under 1 MB\n" in text
    assert "# not read: 1 file .doc: Word before 2007; open it in Word or LibreOffice" in text
    assert "# not read: 1 file .png: a picture; set ingest.ocr" in text


def test_large_files_that_are_not_read_are_left_out(folder: Path) -> None:
    with (folder / "e.MOV").open("wb") as file:
        file.truncate(100_000_000)
    assert init(folder.name) == 0
    source = files_source()
    assert [source.is_wanted(name) for name in ("e.MOV", "a/e.MOV", "a.md", ".x")] == [
        *(False, False, True, False)
    ]


def test_a_folder_of_figures_is_in_no_language(folder: Path) -> None:
    tables = folder / "tables"
    tables.mkdir()
    rows = "\n".join(f"{n},{n * 17},{n * 3}" for n in range(1000, 1090))
    (tables / "a.csv").write_text(rows)
    assert init("Manual da Ação/tables") == 0
    assert written().ingest.detect == IngestConfig.model_fields["detect"].default
    assert "found: none" in Path("pipeline.yaml").read_text()


def test_a_folder_of_hidden_files_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / ".a").write_text("x")
    assert init("few") == 65
    assert (
        "FOLDER: no document in 'few': 1 hidden or temporary ('few/.a')" in capsys.readouterr().err
    )


def test_the_commands_that_it_names_can_be_typed(folder: Path) -> None:
    assert init(folder.name, "--output", "my file.yaml") == 0
    text = Path("my file.yaml").read_text()
    assert f"# gabarito ingest '{folder.name}'  shows" in text
    assert "# gabarito check 'my file.yaml'  tries" in text


def test_all_that_was_found_is_said_in_lines_that_are_not_too_long(folder: Path) -> None:
    for number in range(8):
        (folder / f"{number}.html").write_text(f"<nav>{'menu ' * 90}</nav><p>{ENGLISH} {number}.")
    assert init(folder.name) == 0
    head = Path("pipeline.yaml").read_text().split("\nname:")[0]
    assert max(map(len, head.split("\n"))) <= 100
    assert "unsupported format 2" in " ".join(head.replace("#", " ").split())


def test_what_is_commented_out_makes_a_whole_pipeline(folder: Path) -> None:
    assert init(folder.name) == 0
    path = Path("pipeline.yaml")
    path.write_text(re.sub(r"(?m)^( *)#(?! \w)", r"\1", path.read_text()))
    pipeline = read_pipeline(path)
    assert pipeline.train
    assert pipeline.generate
    assert pipeline.ingest.languages == (pipeline.generate.language,)


@pytest.mark.parametrize(("times", "is_found"), [(2, False), (10, True)])
def test_a_language_that_is_not_usual_needs_more_text(
    folder: Path, times: int, is_found: bool
) -> None:
    (folder / "e.md").write_text(DUTCH * times)
    assert init(folder.name) == 0
    assert ("nl" in written().ingest.detect) is is_found
    assert set(IngestConfig.model_fields["detect"].default) <= set(written().ingest.detect)


@pytest.mark.usefixtures("folder")
def test_a_file_that_is_there_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text("name: mine")
    assert init("Manual da Ação", "--output", "mine.yaml") == 64
    assert "mine.yaml is there already; give another name" in capsys.readouterr().err
    assert Path("mine.yaml").read_text() == "name: mine"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Manual da Ação/c.doc"], "FOLDER: no document in 'Manual da Ação/c.doc'"),
        (["nowhere"], "FOLDER: no such file or folder, got 'nowhere'"),
        (["Manual da Ação", "--output", "no/p.yaml"], "--output: no is no folder; make it, or"),
    ],
)
def test_what_cannot_be_drafted_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert init(*arguments) == 65
    assert said in capsys.readouterr().err
    assert list(tmp_path.rglob("*.yaml")) == []


def test_the_command_that_comes_next_can_be_typed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(folder.name, "--output", "mein Ordner.yaml") == 0
    assert "try it with gabarito check 'mein Ordner.yaml'" in capsys.readouterr().out


@pytest.mark.parametrize("output", ["pipeline.yaml", "../there.yaml", "Manual da Ação/p.yaml"])
def test_the_path_is_right_from_wherever_the_file_lies(folder: Path, output: str) -> None:
    os.chdir(folder.parent)
    assert init(str(folder.name), "--output", output) == 0
    assert files_source(output).path == str(folder)


@pytest.mark.parametrize(
    "name", ["123", "null", "日本", "a: b # c", "-x-", "x" * 80, "q\"'\x07\u2028"]
)
def test_any_name_of_a_folder_gives_a_file_that_is_valid(folder: Path, name: str) -> None:
    folder.rename(name)
    assert init(f"./{name}") == 0
    assert files_source().path == str(folder.with_name(name))


def test_an_ending_writes_no_settings_of_its_own(folder: Path) -> None:
    (folder / "x.a\nname: other\x85\ufffe").write_text("x")
    assert init(folder.name) == 0
    assert written().name == "manual-da-acao"


def test_the_largest_file_may_be_read(folder: Path) -> None:
    with (folder / "big.md").open("wb") as file:
        file.truncate(50_500_000)
    assert init(folder.name) == 0
    assert written().ingest.max_bytes == 51_000_000
    assert "the largest file is Manual da Ação/big.md" in Path("pipeline.yaml").read_text()


def test_what_is_written_into_the_folder_itself_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert init(".") == 0
    source = files_source()
    made = ["pipeline.yaml", "gabarito-store/runs/x.json", "corrections.jsonl", "a.md"]
    assert [source.is_wanted(name) for name in made] == [False, False, False, True]
    before = new_run(written()).fingerprints["ingest"]
    Path("pipeline.yaml").write_text(Path("pipeline.yaml").read_text() + "\n# a remark\n")
    Path("gabarito-store").mkdir()
    Path("gabarito-store/latest").write_text("x")
    assert new_run(written()).fingerprints["ingest"] == before


def test_what_is_written_into_a_folder_below_is_not_read_either(folder: Path) -> None:
    assert init(".", "--output", f"{folder.name}/p.yaml") == 0
    source = files_source(f"{folder.name}/p.yaml")
    assert not source.is_wanted(f"{folder.name}/p.yaml")
    assert source.is_wanted(f"{folder.name}/a.md")


def test_a_table_of_questions_and_answers_is_named_with_the_lines_to_paste(folder: Path) -> None:
    (folder / "perguntas: ano 1.csv").write_text("\ufeffPergunta;Resposta\nQuem?;Rui\n")
    assert init(folder.name) == 0
    text = Path("pipeline.yaml").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("    #- {type: pairs"))
    Path("pipeline.yaml").write_text(text.replace(line, line.replace("#", "", 1)))
    _, source = written().ingest.sources
    assert isinstance(source, PairsSource)
    assert (source.question, source.answer) == ("Pergunta", "Resposta")
    assert Path(source.path) == folder / "perguntas: ano 1.csv"


def test_a_look_at_a_table_of_questions_and_answers_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "faq.csv").write_text("question,answer\nWho?,Rui\n")
    main(["ingest", folder.name])
    said = capsys.readouterr().out
    path = "Manual da Ação/faq.csv"
    assert f"- {{type: pairs, path: {path}, question: question, answer: answer}}\n" in said


@pytest.mark.parametrize("when", ["it reads", "it writes"])
def test_on_a_full_disk_nothing_half_is_left_and_the_disk_is_named(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))

    def drafted(folder: str, output: Path) -> str:
        text = draft(folder, output)
        fill()
        return text

    if when == "it writes":
        monkeypatch.setattr("gabarito.pipeline.draft.draft", drafted)
    else:
        fill()
    try:
        code = init(folder.name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    said = capsys.readouterr().err
    assert (code, "disk is full (file too large); free space or use" in said) == (69, True)
    assert ("pipeline.yaml: disk" in said) == (when == "it writes")
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
