from pathlib import Path

import boto3
import pytest
from tests.sources import only_source

from gabarito.core.errors import DataError
from gabarito.core.records import Document
from gabarito.ingest.files import find_files
from gabarito.ingest.sources import FilesSource
from gabarito.pipeline.draft import draft
from gabarito.pipeline.schema import read_pipeline

from .conftest import Ingest

TEXT = "A final de 2025 foi disputada em Munique, e o Paris venceu diante de 64.327 pessoas."


def test_the_objects_below_a_prefix_are_files(bucket: str, ingest: Ingest) -> None:
    for key in ("club/2025/final.md", "club/2025/", "elsewhere.md"):
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=TEXT.encode())
    (document,) = ingest(source_path=f"s3://{bucket}/club").records("documents.jsonl", Document)
    assert document.source == "club/2025/final.md"
    assert document.url == f"s3://{bucket}/club/2025/final.md"
    assert document.text == TEXT


def test_a_prefix_without_objects_is_named(bucket: str, ingest: Ingest) -> None:
    with pytest.raises(DataError, match=rf"ingest.sources: 's3://{bucket}/club' holds no files"):
        ingest(source_path=f"s3://{bucket}/club")


def test_a_pipeline_file_is_written_for_a_folder_of_a_bucket(bucket: str, tmp_path: Path) -> None:
    for key in ("club/2025/final.md", "club/photo.jpg", "elsewhere.md"):
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=TEXT.encode() * 9)
    path = tmp_path / "pipeline.yaml"
    path.write_text(draft(f"s3://{bucket}/club", path))
    pipeline = read_pipeline(path, last="ingest")
    assert pipeline.name == "club"
    assert only_source(pipeline.ingest, FilesSource).path == f"s3://{bucket}/club"
    assert "1 file .md, under 1 MB" in path.read_text()
    assert "not read: 1 file .jpg" in path.read_text()


def test_a_file_and_its_copy_in_a_bucket_have_one_id(
    bucket: str, ingest: Ingest, folder: Path
) -> None:
    (folder / "a.txt").write_text(TEXT)
    boto3.client("s3").put_object(Bucket=bucket, Key="b.txt", Body=TEXT.encode())
    here = next(ingest().records("documents.jsonl", Document))
    (folder.parent / "store").rename(folder.parent / "before")
    there = next(ingest(source_path=f"s3://{bucket}").records("documents.jsonl", Document))
    assert here.id == there.id


def test_other_peoples_keys_are_read_whatever_their_parts(bucket: str, ingest: Ingest) -> None:
    keys = ["a.md", "/b.md", "x//c.md", "./d.md", "../e.md", "x/../f.md", "x/./g.md"]
    client = boto3.client("s3")
    for number, key in enumerate(keys):
        client.put_object(Bucket=bucket, Key=key, Body=f"{TEXT} Página {number}.".encode())
    artifact = ingest(source_path=f"s3://{bucket}", source_exclude=[], near_duplicate=1)
    sources = {document.source for document in artifact.records("documents.jsonl", Document)}
    assert sources == {f"{bucket}/{key}" for key in keys}


def test_an_object_changed_since_the_listing_is_named(bucket: str) -> None:
    client = boto3.client("s3")
    client.put_object(Bucket=bucket, Key="a.md", Body=TEXT.encode())
    (file,) = find_files([FilesSource(type="files", path=f"s3://{bucket}")])
    client.put_object(Bucket=bucket, Key="a.md", Body=TEXT.upper().encode())
    with pytest.raises(DataError, match=rf"s3://{bucket}/a\.md: changed since .*; run again"):
        file.read()
