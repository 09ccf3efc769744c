from pathlib import Path

import pytest
from pydantic import Field

from gabarito.core.errors import SettingsError
from gabarito.core.settings import InputPath, ModelReference, Settings, parse, read_yaml
from gabarito.store.open import open_store


def bomb(form: str) -> str:
    """Return eight lines, of which each stands for nine times the one above."""
    lines = [f"a{n}: &a{n} {form % ', '.join([f'*a{n - 1}'] * 9)}" for n in range(1, 8)]
    return "\n".join(["a0: &a0 {k: 1}", *lines])


class Inner(Settings):
    learning_rate: float = Field(default=1e-3, gt=0)
    files: tuple[InputPath, ...] = ()


class Outer(Settings):
    train: Inner = Inner()
    base: ModelReference = "gabarito:demo/nano"
    steps: int = Field(default=10, ge=1)


def mistakes(data: object) -> str:
    with pytest.raises(SettingsError) as caught:
        parse(Outer, data, "pipeline.yaml")
    return str(caught.value)


def test_a_mistyped_setting_is_refused_with_a_suggestion() -> None:
    said = mistakes({"train": {"learing_rate": 0.1}})
    assert "train.learing_rate: unknown setting; did you mean learning_rate?" in said


def test_every_mistake_is_reported_at_once() -> None:
    said = mistakes({"train": {"learning_rate": -1}, "steps": 0, "stepps": 3})
    assert said.splitlines()[0] == "pipeline.yaml is not valid:"
    assert len(said.splitlines()) == 4
    assert "steps: must be at least 1, got 0" in said


def test_a_key_far_from_all_names_lists_what_is_known() -> None:
    assert "zzz: unknown setting; known here: base, steps, train" in mistakes({"zzz": 1})


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    data = {"train": {"files": ["a.txt", "gabarito:demo/x"]}, "base": "./model"}
    settings = parse(Outer, data, "pipeline.yaml", folder=tmp_path)
    assert settings.train.files == (str(tmp_path / "a.txt"), "gabarito:demo/x")
    assert settings.base == str(tmp_path / "model")


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("pages", "s3://bucket/pipelines/pages"),
        ("./pages/", "s3://bucket/pipelines/pages"),
        ("../pages", "s3://bucket/pages"),
        ("..", "s3://bucket"),
        ("/data/pages", "/data/pages"),
        ("s3://other/pages", "s3://other/pages"),
        ("gabarito:demo/pages", "gabarito:demo/pages"),
    ],
)
def test_relative_paths_are_taken_from_the_folder_of_a_bucket(path: str, whole: str) -> None:
    data = {"train": {"files": [path]}}
    settings = parse(Outer, data, "pipeline.yaml", folder="s3://bucket/pipelines")
    assert settings.train.files == (whole,)


def test_a_path_that_leads_out_of_a_bucket_is_refused() -> None:
    data = {"train": {"files": ["../../secrets"]}}
    with pytest.raises(SettingsError, match="leads out of the bucket"):
        parse(Outer, data, "pipeline.yaml", folder="s3://bucket/pipelines")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///a%20b", "/a b"),
        ("FILE:/a", "/a"),
        ("file://localhost/a", "/a"),
        ("file://a/b", "a/b"),
    ],
)
def test_a_file_url_is_told_as_the_path_that_it_means(address: str, path: str) -> None:
    with pytest.raises(SettingsError, match=f"not written as a URL here; give '{path}'"):
        parse(Outer, {"train": {"files": [address]}}, "pipeline.yaml")


def test_an_id_of_the_model_hub_is_left_as_it_is(tmp_path: Path) -> None:
    settings = parse(Outer, {"base": "org/model-1b"}, "pipeline.yaml", folder=tmp_path)
    assert settings.base == "org/model-1b"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "key 'a' is given twice"),
        ("a: [1", "not a YAML file"),
        ("a: \x07", "not a YAML file"),
    ],
)
def test_a_file_that_is_not_yaml_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=said):
        read_yaml(path)


def test_a_mistake_in_yaml_shows_no_password(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text("url: [https://user:pw@host/a")
    with pytest.raises(SettingsError, match=r"not a YAML file: .*//\*\*\*@host") as caught:
        read_yaml(path)
    assert "pw" not in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file; give the path of a pipeline file"):
        read_yaml(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: 2024-13-45", "month must be in"),
        ("? [a, b]\n: 1", "unhashable"),
        ("[" * 3000, "recursion"),
        ("a: !!timestamp 1", "groupdict"),
        ("a: !!bool maybe", "maybe"),
        ("a: &a [*a]", "alias of what it stands in"),
        (bomb("[%s]"), "aliases expand to more than 100000 values"),
        (bomb("{<<: [%s]}"), "aliases expand to more than 100000 values"),
    ],
)
def test_what_yaml_cannot_mean_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"pipeline\.yaml: not a YAML file: ") as caught:
        read_yaml(path)
    assert said in str(caught.value)


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"pipeline\.yaml: cannot be read: not a directory"):
        read_yaml(tmp_path / "file" / "pipeline.yaml")


def test_a_folder_and_a_file_in_another_encoding_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="a folder; name the pipeline file in it"):
        read_yaml(tmp_path)
    path = tmp_path / "pipeline.yaml"
    path.write_text("name: a", encoding="utf-16")  # as Windows PowerShell redirects
    with pytest.raises(SettingsError, match=r"yaml: not a text in UTF-8; save it as one$"):
        read_yaml(path)
    path.write_text("name: a", encoding="utf-8-sig")
    assert read_yaml(path) == {"name": "a"}


def test_merged_keys_are_merged(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text("a: &a {steps: 1, rank: 2}\nb: {<<: *a, steps: 3}\n")
    assert read_yaml(path) == {"a": {"steps": 1, "rank": 2}, "b": {"steps": 3, "rank": 2}}


def test_a_merge_of_a_merge_is_no_key_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text("b: &b {k: 2}\nx: {y: &a {<<: *b, k: 1}}\nc: {<<: *a}\n")
    assert read_yaml(path) == {"b": {"k": 2}, "x": {"y": {"k": 1}}, "c": {"k": 1}}


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(SettingsError, match="base: its links lead in a circle"):
        parse(Outer, {"base": "./a"}, "pipeline.yaml", folder=tmp_path)


def test_a_number_without_end_is_no_setting() -> None:
    assert "train.learning_rate: must be a finite number" in mistakes(
        {"train": {"learning_rate": float("inf")}}
    )


@pytest.mark.parametrize("path", ["s3://user:pw@bucket/a", "s3://user:p/w@bucket"])
def test_a_password_in_a_path_is_refused_without_showing_it(tmp_path: Path, path: str) -> None:
    class Source(Settings):
        path: InputPath

    with pytest.raises(SettingsError, match="must be s3://bucket/prefix without a user") as refused:
        parse(Source, {"path": path}, "pipeline.yaml", tmp_path)
    assert "user:" not in str(refused.value)


def test_the_home_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no user has that home folder"):
        parse(Outer, {"base": "~nobody-at-all/x"}, "pipeline.yaml", folder=tmp_path)
    with pytest.raises(SettingsError, match="no user has that home folder"):
        open_store("~nobody-at-all/store")


def test_what_is_no_url_is_no_store() -> None:
    with pytest.raises(SettingsError, match="not a URL"):
        open_store("http://[")


def test_a_scheme_of_others_is_refused_with_what_to_write() -> None:
    with pytest.raises(SettingsError, match=r"scheme 'a' is not one of .*; write .* or \./ before"):
        open_store("a:b")


@pytest.mark.parametrize("url", ["s3:/bucket/p", "s3:bucket", "s3://bücket/p", "s3://a b/p"])
def test_what_can_be_no_bucket_is_refused_before_it_is_asked(url: str) -> None:
    with pytest.raises(SettingsError, match="names no place in a bucket; write s3://bucket/prefix"):
        open_store(url)


def test_a_scheme_is_the_same_in_capitals() -> None:
    assert open_store("S3://bucket/p").url == "s3://bucket/p"


def test_a_mistake_in_yaml_is_placed_by_its_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text("name: a\n\tb: c\n")
    with pytest.raises(SettingsError, match=r"any token at line 2, column 1"):
        read_yaml(path)
