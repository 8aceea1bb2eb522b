"""Vectors as people type, paste and keep them."""

from __future__ import annotations

import io
import json
import pickle

import numpy as np
import pytest

from audio_assets.errors import UsageError
from audio_assets.query_vectors import parse_vector, read_vector

VECTOR = np.array([0.5, -2.0, 1e-3], np.float32)


def npy(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    "text",
    ["0.5, -2, 1e-3", "0.5;-2;0.001", " 0.5\n-2\n0.001\n", "[0.5, -2.0, 0.001]", "0.5\t-2 1E-3"],
)
def test_numbers_are_read_however_they_are_separated(text):
    np.testing.assert_allclose(parse_vector(text), VECTOR)
    assert parse_vector(text).dtype == np.float32


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v.npy", npy(VECTOR)), ("V.NPY", npy(VECTOR[None])), ("v.npy", npy(VECTOR[:, None])),
        ("v.json", json.dumps(VECTOR.tolist()).encode()),
        ("v.json", json.dumps({"vector": VECTOR.tolist()}).encode()),
        ("v.csv", b"\xef\xbb\xbf0.5,-2,0.001\r\n"), ("v.txt", b"0.5\n-2\n0.001"),
    ],
)  # fmt: skip
def test_files_of_every_kind_hold_the_same_vector(name, content):
    np.testing.assert_allclose(read_vector(name, content), VECTOR)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("v.wav", b"1,2", "expected .npy"),
        ("v.npy", b"no array", "not a NumPy array"),
        ("v.npy", npy(np.array([{"a": 1}], object)), "not a NumPy array"),
        ("v.npy", pickle.dumps([1.0]), "not a NumPy array"),
        ("v.npy", npy(np.ones((4, 3))), "4 vectors of 3 numbers"),
        ("v.npy", npy(np.empty(0)), "no numbers"),
        ("v.json", b"{}", "no list of numbers|no numbers|holds NaN"),
        ("v.json", b"{", "not JSON"),
        ("v.json", b'["a"]', "no list of numbers"),
        ("v.csv", b"dim_0,dim_1\n1,2", "'dim_0' is not a number"),
        ("v.txt", b"1 2 nan", "NaN"),
        ("v.txt", b"\xff\xfe", "not text"),
        ("v.txt", b"  ", "no numbers"),
        ("v.txt", b"1 " * 9_000_000, "18 MB"),
    ],
)
def test_what_is_no_vector_is_refused_with_the_reason(name, content, said):
    with pytest.raises(UsageError, match=said):
        read_vector(name, content)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr':'<f4','fortran_order':False,'shape':(1000000000000000,)}",
        "{'descr':'<f4','fortran_order':False,'shape':(99999999999999999999999,)}",
        "{'descr':'<f4','fortran_order':False,'shape':(-1,)}",
        "(" * 9000,
        "'''",
    ],
)
def test_an_array_whose_header_lies_is_refused(header):
    content = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode()
    with pytest.raises(UsageError, match="not a NumPy array"):
        read_vector("v.npy", content)


def test_a_zip_or_an_endless_number_is_no_vector():
    with pytest.raises(UsageError, match="not a NumPy array"):
        read_vector("v.npy", b"PK\3\4 and no more")
    with pytest.raises(UsageError, match="no list of numbers"):
        read_vector("v.json", json.dumps([10**400]).encode())
