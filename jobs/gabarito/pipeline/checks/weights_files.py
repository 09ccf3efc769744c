"""Whether files of weights are whole, told by their headers: no library of train is needed.

A safetensors file is the length of a header (8 bytes, little-endian), the header (JSON), and the
tensors one behind another, without a gap: https://huggingface.co/docs/safetensors#format.
"""

from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

_LENGTH_BYTES = 8

_LONGEST_HEADER = 100_000_000
"""What the library reads at most."""

_POINTER = b"version https://git-lfs"


class _TensorPlace(BaseModel):
    """Where the bytes of a tensor begin and end, counted from the header's end."""

    data_offsets: tuple[int, int]


_HEADER = TypeAdapter(dict[str, _TensorPlace | dict[str, str]])


def flaw_of(path: Path) -> str | None:
    """Return what is wrong with a safetensors file, None if it is as long as its header says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(_POINTER)) == _POINTER:
            return "a pointer of Git LFS, not the weights: git lfs pull fetches them"
        file.seek(0)
        begin = file.read(_LENGTH_BYTES)
        length = int.from_bytes(begin, "little")
        if length > _LONGEST_HEADER:
            return "no safetensors file"
        header = file.read(length)
    if len(begin) < _LENGTH_BYTES or len(header) < length:
        return f"cut off within its header, {size:,} bytes are there"
    try:
        tensors = _HEADER.validate_json(header)
    except ValidationError:
        return "no safetensors file"
    ends = [one.data_offsets[1] for one in tensors.values() if isinstance(one, _TensorPlace)]
    wanted = _LENGTH_BYTES + length + max(ends, default=0)
    return None if size == wanted else f"{size:,} bytes instead of {wanted:,}"
