"""The file that a pipeline's settings are read from: of this machine, or of a bucket."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from gabarito.core.errors import MissingError, SettingsError
from gabarito.core.settings import BUCKET, NOT_UTF8, read_text
from gabarito.store.open import open_bucket


@dataclass(frozen=True)
class PipelineFile:
    """A file's address, its text, and the SHA-256 of its bytes."""

    address: str
    text: str
    sha256: str

    @property
    def name(self) -> str:
        """Its name, without the folder."""
        return self.address.rpartition("/")[2]

    @property
    def folder(self) -> Path | str:
        """From where relative paths in it are taken."""
        if self.address.startswith(BUCKET):
            return self.address.rpartition("/")[0]
        return Path(self.address).parent


def open_pipeline_file(address: str | Path) -> PipelineFile:
    """Return the file at a path or at ``s3://bucket/key``.

    Raises:
        SettingsError: if there is none, or it is not text.
        ServiceError: if the bucket does not answer.
        AccessError: if it refuses the credentials.
    """
    where = str(address)
    if not where.startswith(BUCKET):
        text = read_text(Path(address))
        return PipelineFile(where, text, hashlib.sha256(text.encode()).hexdigest())
    bucket, mark, key = where.removeprefix(BUCKET).partition("/")
    if not (bucket and mark and key) or key.endswith("/"):
        raise SettingsError(f"{where}: not a file of a bucket; write s3://bucket/key")
    folder, _, name = key.rpartition("/")
    url = f"{BUCKET}{bucket}/{folder}" if folder else f"{BUCKET}{bucket}"
    try:
        data = open_bucket(url).read(name).data
        return PipelineFile(where, data.decode("utf-8"), hashlib.sha256(data).hexdigest())
    except MissingError as error:
        raise SettingsError(
            f"{where}: no such file in the bucket; put the pipeline file there"
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{where}: {NOT_UTF8}") from error
