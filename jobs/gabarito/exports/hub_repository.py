"""A model folder as a repository of the model hub: uploaded as one commit, and fetched back.

model folder  ->  org/name at a commit
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from gabarito import __version__
from gabarito.core.errors import AccessError, DataError, ServiceError, UsageError
from gabarito.core.secrets import without_userinfo
from gabarito.models.base_model import hub_allowed
from gabarito.store.disk import disk_errors, info_of

_REFUSED = (401, 403)


def upload_folder(folder: Path, repository: str, *, is_public: bool) -> str:
    """Upload a folder's files as one commit, and return the commit; other files stay there.

    A new repository is private unless ``is_public``; one that is there stays as it is.

    Raises:
        UsageError: if the hub has no such names.
        AccessError: if it refuses the token.
        ServiceError: if it does not answer.
    """
    with _hub_errors(repository):
        api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="gabarito")
        api.create_repo(repository, private=not is_public, exist_ok=True)
        message = f"gabarito {__version__}: {folder.name}"
        found = api.upload_folder(repo_id=repository, folder_path=folder, commit_message=message)
    return str(found.oid)


def fetch_back(repository: str, commit: str, folder: Path, to: Path) -> None:
    """Download a commit, and compare it with the folder that was uploaded.

    Raises:
        DataError: if a file is not what was uploaded.
    """
    names = sorted(path.name for path in folder.iterdir())
    with _hub_errors(repository), disk_errors(str(to)):
        snapshot_download(
            repository,
            revision=commit,
            local_dir=to,
            allow_patterns=names,
            endpoint=os.environ.get("HF_ENDPOINT"),
        )
    for name in names:
        if not (to / name).is_file() or info_of(to / name) != info_of(folder / name):
            raise DataError(
                f"hub:{repository}: commit {commit} holds another {name} than was uploaded; delete "
                "the commit there, and export again"
            )


@contextmanager
def _hub_errors(repository: str) -> Iterator[None]:
    where = f"hub:{repository}"
    try:
        with hub_allowed():
            yield
    except HFValidationError as error:
        raise UsageError(
            f"--to {repository}: not a name of the model hub; write org/name"
        ) from error
    except (HfHubHTTPError, LocalEntryNotFoundError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status in _REFUSED:
            raise AccessError(
                f"{where}: the model hub refuses the token ({status}); set HF_TOKEN to one that "
                "may write there"
            ) from error
        said = without_userinfo(" ".join(str(error).split()))[:200]
        raise ServiceError(f"{where}: the model hub answers {status}: {said}; try again") from error
    except httpx2.HTTPError as error:
        said = without_userinfo(str(error))
        raise ServiceError(
            f"{where}: the model hub does not answer: {said}; check HF_ENDPOINT and the network"
        ) from error
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # what the client makes of an answer that is no hub's
        raise ServiceError(f"{where}: no answer of a model hub; check HF_ENDPOINT") from error
