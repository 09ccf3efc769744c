"""Bad input, given to the command as a person would: one message, its exit code, nothing left."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gabarito.demo.process import started

Spoil = Callable[[Any], None]
Project = Any


def mistyped(project: Project) -> None:
    project.settings["train"]["learing_rate"] = 1.0


def out_of_range(project: Project) -> None:
    project.settings["train"]["rank"] = 0


def missing_folder(project: Project) -> None:
    project.settings["ingest"]["sources"][0]["path"] = "nowhere"


def empty_folder(project: Project) -> None:
    (project.folder / "empty").mkdir()
    project.settings["ingest"]["sources"][0]["path"] = "empty"


def only(project: Project, name: str, data: bytes) -> None:
    folder = project.folder / "only"
    folder.mkdir()
    (folder / name).write_bytes(data)
    project.settings["ingest"]["sources"][0]["path"] = "only"


def unreadable_pdf(project: Project) -> None:
    only(project, "a.pdf", b"%PDF-1.7 nothing of the kind")


def html_without_text(project: Project) -> None:
    only(project, "a.html", b"<html><body><div id=app></div><script>1</script></body></html>")


def wrong_encoding(project: Project) -> None:
    only(project, "a.txt", ("Uma página com acentuação. " * 40).encode() + b"\xc3\x28 fim")


def huge_file(project: Project) -> None:
    only(project, "a.txt", b"")
    with (project.folder / "only" / "a.txt").open("r+b") as file:
        file.truncate(200 * 2**20)


def no_base(project: Project) -> None:
    project.settings["train"]["base"] = "./no-model"


def teacher_down(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        project.url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def teacher_without_address(project: Project) -> None:
    project.url = ""


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (mistyped, 78, "train.learing_rate: unknown setting; did you mean learning_rate?"),
        (out_of_range, 78, "train.rank: must be at least 1, got 0"),
        (missing_folder, 65, "nowhere: no such file or folder"),
        (empty_folder, 65, "empty"),
        (unreadable_pdf, 65, "unreadable"),
        (html_without_text, 65, "no text"),
        (wrong_encoding, 65, "wrong encoding"),
        (huge_file, 65, "max_bytes"),
        (no_base, 65, "no-model"),
        (teacher_down, 69, "Connection refused"),
        (teacher_without_address, 78, "GABARITO_TEACHER_URL"),
    ],
)
def test_one_clear_message_and_its_exit_code(
    project: Project, spoil: Spoil, code: int, said: str
) -> None:
    spoil(project)
    project.write()
    done = project.run("--until", "generate")
    assert done.code == code, done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert not list(project.store.glob("artifacts/generate/*/manifest.json"))


def test_a_teacher_that_refuses_the_key_is_not_asked_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GABARITO_TEACHER_KEY", "right")
    arguments = ("--replies", "gabarito:demo/replies.jsonl", "--port", "0")
    with started("teacher", *arguments) as server:
        monkeypatch.setenv("GABARITO_TEACHER_KEY", "wrong")
        project.url = f"{server.address}/v1"
        done = project.run("--until", "generate")
    assert done.code == 77
    assert "GABARITO_TEACHER_KEY" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run"], 64, "Missing argument 'PIPELINE'"),
        (["fly"], 64, "No such command 'fly'"),
        (["run", "absent.yaml"], 78, "absent.yaml: no such file"),
        (["status", "--store", "gs://bucket"], 78, "scheme 'gs' is not one of file, s3"),
        (["generate", "--run", "x", "--shard", "4/4"], 64, "must be i/n with 0 <= i < n"),
        (["train", "--run", "nothing"], 65, "no run 'nothing'"),
        (["status"], 65, "no run yet; start one with gabarito run PIPELINE"),
        (["serve"], 65, "nothing is served yet; a model is promoted"),
        (["serve", "--model", "/nowhere"], 65, "/nowhere"),
        (["ask", "Quem?", "--url", "http://127.0.0.1:9"], 69, "start it with gabarito serve"),
        (["teacher", "--replies", "/nowhere"], 65, "/nowhere: no such file"),
        (["teacher", "--replies", "x", "--rate-429", "3"], 64, "3.0 is not in the range"),
    ],
)
def test_commands_say_what_is_wrong(
    project: Project, arguments: list[str], code: int, said: str
) -> None:
    done = project.call(*arguments)
    assert done.code == code, done.err
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_store_that_does_not_answer_is_reported_in_time(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    done = project.call("run", str(project.path), "--store", "s3://bucket/prefix")
    assert done.code == 69
    assert "127.0.0.1:9" in done.err


def test_a_corrupt_artifact_is_named_with_the_cure(project: Project) -> None:
    assert project.run("--until", "ingest").code == 0
    documents = next(Path(project.store).glob("artifacts/ingest/*/attempts/*/documents.jsonl"))
    data = bytearray(documents.read_bytes())
    data[100] ^= 1
    documents.write_bytes(data)
    done = project.run("--until", "generate")
    assert done.code == 65
    assert "documents.jsonl: content is not what the manifest lists" in done.err
    assert "raise ingest.rerun to make it and all that follows anew" in done.err
