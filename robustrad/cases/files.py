"""Opening image files so that a broken one says so, in words, and prints nothing.

SimpleITK reads a NIfTI file that was cut off without a word and fills the rest with what happens to be in
memory, and it reads NaN in a NIfTI file as 0. So the length of NIfTI files, the checksum of gzip files and
the numbers as stored are checked here.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import SimpleITK as sitk

from robustrad.cases.silence import silence
from robustrad.core.errors import DataError
from robustrad.core.geometry import Grid, Mask

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
_NIFTI_FLOATS = {"16": "f4", "64": "f8"}
_SLACK = 1 << 10  # bytes that writers leave behind the voxels


class Header(NamedTuple):
    """What a file says of itself before its voxels are read.

    Attributes
    ----------
    size : tuple of int
        Voxels along each axis; its length is the dimension.
    components : int
        Values per voxel: 1 for a scalar image, 3 for RGB.
    pixel : str
        Pixel type in SimpleITK's words.
    grid : Grid or None
        The grid of a 3-D image, else None.
    metadata : dict of str to str
        Keys of the file, DICOM tags among them.
    """

    size: tuple[int, ...]
    components: int
    pixel: str
    grid: Grid | None
    metadata: dict[str, str]


class Volume(NamedTuple):
    """A whole image.

    Attributes
    ----------
    image : SimpleITK.Image
        As SimpleITK reads it, in the file's own pixel type.
    broken : ndarray of bool, (z, y, x), or None
        Voxels that are NaN or infinite in the file, also where SimpleITK reads them as 0; None if there are
        none.
    """

    image: sitk.Image
    broken: Mask | None


def read_header(path: Path, *, where: str) -> Header:
    """Read the header of an image file; the voxels stay on disk.

    Raises
    ------
    DataError
        If the file is missing, empty, a folder, of no known format or shorter than its header says.
        ``where`` is what the message names.
    """
    _refuse_no_file(path, where)
    reader = _reader(path)
    with silence() as said:
        try:
            reader.ReadImageInformation()
        except RuntimeError as error:
            raise _unreadable(path, where, f"{error}\n{said()}") from error
    header = _header(reader)
    _refuse_cut(path, header, where)
    return header


def read_image(path: Path, *, where: str) -> Volume:
    """Read a whole image, gzip checksum included.

    Raises
    ------
    DataError
        As ``read_header``, and if the voxels are incomplete or damaged.
    """
    header = read_header(path, where=where)
    broken = _broken_in_nifti(path, header, where)
    with silence() as said:
        try:
            image = _reader(path).Execute()
        except RuntimeError as error:
            raise _unreadable(path, where, f"{error}\n{said()}") from error
    array = np.asarray(sitk.GetArrayViewFromImage(image))
    if broken is None and array.dtype.kind == "f" and header.grid is not None and header.components == 1:
        broken = ~np.isfinite(array)
    return Volume(image, broken if broken is not None and broken.any() else None)


def _reader(path: Path) -> sitk.ImageFileReader:
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    return reader


def _header(reader: sitk.ImageFileReader) -> Header:
    size = tuple(int(n) for n in reader.GetSize())
    grid = None
    if len(size) == 3:
        x, y, z = (float(v) for v in reader.GetSpacing())
        a, b, c = (float(v) + 0.0 for v in reader.GetOrigin())  # no -0 in messages
        grid = Grid(
            (size[0], size[1], size[2]),
            (x, y, z),
            (a, b, c),
            tuple(float(v) + 0.0 for v in reader.GetDirection()),
        )
    metadata = {key: reader.GetMetaData(key) for key in reader.GetMetaDataKeys()}
    pixel = sitk.GetPixelIDValueAsString(reader.GetPixelIDValue())
    return Header(size, int(reader.GetNumberOfComponents()), pixel, grid, metadata)


def _refuse_no_file(path: Path, where: str) -> None:
    if path.is_dir():
        raise DataError(
            where,
            f"{path} is a folder",
            "one image file",
            "Convert a DICOM series into one NIfTI or NRRD file.",
        )
    if not path.exists():
        raise DataError(where, f"no such file: {path}", "", "Paths are relative to the case table.")
    try:
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise DataError(where, f"{path} cannot be read ({error.strerror})") from error
    if empty:
        raise DataError(where, f"{path} is empty (0 bytes)", "an image", "Copy or convert it again.")


def _unreadable(path: Path, where: str, said: str) -> DataError:
    _refuse_damaged_gzip(path, where)
    with path.open("rb") as stream:
        begin = stream.read(12)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if "Unable to determine ImageIO reader" in said:
        reason = f"it begins with {begin!r}"
    else:
        reason = next((line for line in reversed(lines) if "sitk::ERROR" not in line), lines[-1])
    return DataError(
        where,
        f"{path} cannot be read as an image ({reason})",
        "a whole file in a format that SimpleITK reads (NIfTI, NRRD, MetaImage ...)",
        "Copy or convert it again.",
    )


def _refuse_cut(path: Path, header: Header, where: str) -> None:
    """Compare the length of a NIfTI file with its header; only a suspicious gzip file is read through."""
    needed = _nifti_length(path, header)
    if needed is None:
        return
    if not _is_gzip(path):
        length = path.stat().st_size
    else:
        with path.open("rb") as stream:
            stream.seek(-4, os.SEEK_END)
            claimed = int.from_bytes(stream.read(4), "little")  # unpacked length modulo 2^32
        # Several gzip members in one file are legal and claim less, so the claim alone proves nothing.
        if 0 <= claimed - needed % 2**32 <= _SLACK:
            return
        length = _refuse_damaged_gzip(path, where)
    if length < needed:
        raise _cut(path, where, f"{length} bytes, its header needs {needed}")


def _nifti_length(path: Path, header: Header) -> int | None:
    """Bytes of a NIfTI file by its own header, None for other files."""
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        return None
    keys = ("vox_offset", "bitpix", "dim[0]")
    offset, bits, axes = (int(float(header.metadata[key])) for key in keys)
    numbers = math.prod(int(header.metadata[f"dim[{axis}]"]) for axis in range(1, axes + 1))
    return offset + numbers * bits // 8


def _broken_in_nifti(path: Path, header: Header, where: str) -> Mask | None:
    """Return which voxels are no numbers in a NIfTI file of floats; None for any other file.

    The voxels of a NIfTI file stand in the order of SimpleITK's own array.
    """
    code = _NIFTI_FLOATS.get(header.metadata.get("datatype", ""))
    if code is None or _nifti_length(path, header) is None or header.grid is None or header.components != 1:
        _refuse_damaged_gzip(path, where)
        return None
    try:
        raw = gzip.decompress(path.read_bytes()) if _is_gzip(path) else path.read_bytes()
    except (EOFError, OSError, zlib.error) as error:
        raise _cut(path, where, f"gzip says: {error}") from error
    order = "<" if int.from_bytes(raw[:4], "little") < 2**16 else ">"  # its first number is 348 or 540
    offset = int(float(header.metadata["vox_offset"]))
    values = np.frombuffer(raw, f"{order}{code}", math.prod(header.size), offset)
    return np.asarray(~np.isfinite(values)).reshape(header.grid.shape)


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == _GZIP


def _refuse_damaged_gzip(path: Path, where: str) -> int:
    """Read a gzip file through; return its unpacked length, or that of any other file."""
    if not _is_gzip(path):
        return path.stat().st_size
    length = 0
    try:
        with gzip.open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                length += len(chunk)
    except (EOFError, OSError, zlib.error) as error:
        raise _cut(path, where, f"gzip says: {error}") from error
    return length


def _cut(path: Path, where: str, reason: str) -> DataError:
    return DataError(
        where, f"{path} is cut off or damaged ({reason})", "a whole file", "Copy or convert it again."
    )
