"""What was loaded from the store is neither hashed nor counted again while nobody wrote to it; every write is seen, whoever made it."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import tempfile
import unittest
from typing import Any, Callable
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "runtime", "python"))

import numpy as np
from cellwright_worker import codec as codec_module
from cellwright_worker.codec import Codec, ValueRef
from cellwright_worker.objects import Store, StoreDamaged
from cellwright_worker.seals import Seals

SIZE = 3 << 20
LIBC = ctypes.CDLL(None, use_errno=True)
LINUX = sys.platform.startswith("linux")


def by_numpy(array: Any, place: int) -> None:
    """An assignment to a view."""
    array[place : place + 1][0] ^= 1


def by_c_code(array: Any, place: int) -> None:
    """A function of C that knows an address only."""
    address = array.__array_interface__["data"][0] + place
    ctypes.memset(address, int(array[place]) ^ 1, 1)


def by_memory_file(array: Any, place: int) -> None:
    """The kernel, as a debugger writes."""
    file = os.open("/proc/self/mem", os.O_RDWR)
    try:
        os.pwrite(file, bytes([int(array[place]) ^ 1]), array.__array_interface__["data"][0] + place)
    finally:
        os.close(file)


def by_system_call(array: Any, place: int) -> None:
    """The kernel, which reads a file into the memory."""
    with tempfile.TemporaryFile() as file:
        file.write(bytes([int(array[place]) ^ 1]))
        file.seek(0)
        file.readinto(memoryview(array)[place : place + 1])  # type: ignore[attr-defined]


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


def by_other_process(array: Any, place: int) -> None:
    """The call by which one process writes to the memory of another."""
    byte = ctypes.create_string_buffer(bytes([int(array[place]) ^ 1]), 1)
    here = _Vector(ctypes.addressof(byte), 1)
    there = _Vector(array.__array_interface__["data"][0] + place, 1)
    if LIBC.process_vm_writev(os.getpid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0) != 1:
        raise unittest.SkipTest("process_vm_writev is not permitted")


WAYS: list[Callable[[Any, int], None]] = [by_numpy, by_c_code, *([by_memory_file, by_system_call, by_other_process] if LINUX else [])]


class MutationTest(unittest.TestCase):
    """One value is stored, loaded by another codec, changed or not, and dumped again."""

    def setUp(self) -> None:
        """An empty store."""
        self.folder = tempfile.mkdtemp()

    def codec(self) -> Codec:
        """As in a process of its own."""
        return Codec(Store(self.folder), {}, "t", lambda name: None)

    def stored(self, value: Any) -> ValueRef:
        """Where the value is now."""
        return self.codec().dump({"a": value}).refs["a"]

    def loaded(self, ref: ValueRef) -> tuple[Codec, Any]:
        """The value in another process, and that process's codec."""
        other = self.codec()
        return other, other.load(ref)[0]["a"]

    def content(self, codec: Codec, value: Any) -> str:
        """The content of the value when it is dumped."""
        return codec.dump({"a": value}).refs["a"].content

    def hashed(self, codec: Codec, value: Any) -> tuple[str, int]:
        """The content, and how much memory was read for it."""
        sizes: list[int] = []

        def count(buffer: Any) -> bytes:
            sizes.append(buffer.nbytes)
            return real(buffer)

        real = codec_module.hash_buffer
        with mock.patch.object(codec_module, "hash_buffer", count):
            return self.content(codec, value), sum(sizes)

    def test_unchanged(self) -> None:
        """Memory that was only read is not read again."""
        ref = self.stored(np.arange(SIZE, dtype="u1"))
        codec, array = self.loaded(ref)
        self.assertEqual(int(array.max()), 255)
        content, read = self.hashed(codec, array)
        self.assertEqual(content, ref.content)
        if codec._hashes.unwritten.works():
            self.assertEqual(read, 0)
        elif LINUX:
            self.skipTest("the kernel does not tell of pages here")

    def test_each_way(self) -> None:
        """One byte, at the ends, within, and beside the border of a page."""
        ref = self.stored(np.arange(SIZE, dtype="u1"))
        for way in WAYS:
            for place in (0, 1, mmap.PAGESIZE, SIZE // 2, SIZE - mmap.PAGESIZE - 1, SIZE - 1):
                for touched in (False, True):
                    with self.subTest(way=way.__name__, place=place, touched=touched):
                        codec, array = self.loaded(ref)
                        if touched:
                            array.sum()
                        expected = np.arange(SIZE, dtype="u1")
                        expected[place] ^= 1
                        way(array, place)
                        changed = self.content(codec, array)
                        self.assertNotEqual(changed, ref.content)
                        self.assertEqual(changed, self.stored(expected).content)
                        way(array, place)
                        self.assertEqual(self.content(codec, array), ref.content)

    def test_after_a_look(self) -> None:
        """What was unchanged at one dump is looked at again at the next."""
        ref = self.stored(np.arange(SIZE, dtype="u1"))
        codec, array = self.loaded(ref)
        self.assertEqual(self.content(codec, array), ref.content)
        array[5] = 77
        self.assertNotEqual(self.content(codec, array), ref.content)

    @unittest.skipUnless(LINUX, "as Linux does it")
    def test_thrown_away(self) -> None:
        """Pages that were written to and then given back have the file's content again, in the array as well."""
        ref = self.stored(np.arange(SIZE, dtype="u1"))
        codec, array = self.loaded(ref)
        array[:] = 9
        address = array.__array_interface__["data"][0]
        start = address - address % mmap.PAGESIZE
        LIBC.madvise(ctypes.c_void_p(start), ctypes.c_size_t(SIZE), 4)
        expected = self.stored(array.copy())
        self.assertEqual(self.content(codec, array), expected.content)

    @unittest.skipUnless(LINUX, "as Linux does it")
    def test_mapped_over(self) -> None:
        """Another file in the place of the store's."""
        ref = self.stored(np.arange(SIZE, dtype="u1"))
        codec, array = self.loaded(ref)
        address = array.__array_interface__["data"][0]
        start = address - address % mmap.PAGESIZE
        with tempfile.TemporaryFile() as file:
            file.write(b"z" * (SIZE + 2 * mmap.PAGESIZE))
            file.flush()
            LIBC.mmap.restype = ctypes.c_void_p
            fixed_and_private = 0x10 | 0x02
            size = ctypes.c_size_t(SIZE // 2 - (SIZE // 2) % mmap.PAGESIZE)
            got = LIBC.mmap(ctypes.c_void_p(start), size, 3, fixed_and_private, file.fileno(), ctypes.c_long(0))
        self.assertEqual(got, start)
        self.assertEqual(int(array[100]), ord("z"))
        self.assertEqual(self.content(codec, array), self.stored(array.copy()).content)

    def test_file_changed(self) -> None:
        """Somebody writes to the file of the store: what is in memory then counts, and no later load believes the file."""
        ref = self.stored(np.arange(SIZE, dtype="u1"))
        codec, array = self.loaded(ref)
        path = Store(self.folder).path(ref.object)
        with open(path, "r+b") as file:
            file.seek(SIZE // 2)
            file.write(b"damage")
        found = array.copy()
        self.assertEqual(self.content(codec, array), self.stored(found).content)
        with self.assertRaises(StoreDamaged):
            self.loaded(ref)

    def test_without_the_kernel(self) -> None:
        """Where pages cannot be looked at, memory is hashed."""
        with mock.patch("cellwright_worker.unwritten._tells_the_truth", return_value=False):
            ref = self.stored(np.arange(SIZE, dtype="u1"))
            codec, array = self.loaded(ref)
            self.assertEqual(self.hashed(codec, array), (ref.content, SIZE))
            array[7] ^= 1
            self.assertNotEqual(self.content(codec, array), ref.content)

    def test_words(self) -> None:
        """A column of words: one replaced, two exchanged, one that is equal and another object."""
        words = np.array([f"w{number % 700}" for number in range(20000)], object)
        ref = self.stored(words)
        for place in (0, 1, 9999, 19999):
            codec, array = self.loaded(ref)
            self.assertEqual(self.content(codec, array), ref.content)
            array[place] = "other"
            expected = words.copy()
            expected[place] = "other"
            self.assertEqual(self.content(codec, array), self.stored(expected).content)
            array[place] = "".join(["w", str(place % 700)])
            self.assertEqual(self.content(codec, array), ref.content)
        codec, array = self.loaded(ref)
        array[[3, 4]] = array[[4, 3]]
        self.assertNotEqual(self.content(codec, array), ref.content)

    def test_words_of_c_code(self) -> None:
        """A pointer that C code has exchanged."""
        ref = self.stored(np.array(["a", "b", None, True, "c"] * 500, object))
        codec, array = self.loaded(ref)
        pointers = (ctypes.c_uint64 * array.size).from_address(array.__array_interface__["data"][0])
        pointers[0], pointers[1] = pointers[1], pointers[0]
        self.assertNotEqual(self.content(codec, array), ref.content)
        pointers[0], pointers[1] = pointers[1], pointers[0]
        self.assertEqual(self.content(codec, array), ref.content)

    def test_words_with_the_mark(self) -> None:
        """Words with NUL, empty ones, halves of surrogates, and what is no word."""
        words = np.array(["", "\0", "a\0b", "\ud800", "ü", None, float("nan"), False] * 300, object).reshape(100, 24)
        ref = self.stored(np.asfortranarray(words))
        codec, array = self.loaded(ref)
        self.assertTrue(array.flags.f_contiguous)
        for one, other in zip(array.ravel(), words.ravel()):
            self.assertTrue(one == other or (one != one and other != other))
        self.assertEqual(self.content(codec, array), ref.content)

    def test_words_in_the_same_place(self) -> None:
        """Arrays that come and go get the memory of those before them."""
        codec = self.codec()
        for number in range(50):
            array = np.array(["a", "b" * (number % 3 + 1)] * 400, object)
            self.assertEqual(self.content(codec, array), self.stored(np.array(array.tolist(), object)).content)
            del array


class SealsTest(unittest.TestCase):
    """Each object is checked once."""

    def test_others(self) -> None:
        """What one process has seen, another knows; half a line counts when it is whole."""
        path = os.path.join(tempfile.mkdtemp(), "seals")
        one, other = Seals(path), Seals(path)
        one.note("sha256:aa", (1, 2))
        self.assertTrue(other.holds("sha256:aa", (1, 2)))
        self.assertFalse(other.holds("sha256:aa", (1, 3)))
        with open(path, "ab") as file:
            file.write(b"sha256:bb 4")
        self.assertFalse(other.holds("sha256:bb", (4,)))
        with open(path, "ab") as file:
            file.write(b" 5\n")
        self.assertFalse(other.holds("sha256:bb", (4,)))
        self.assertTrue(other.holds("sha256:bb", (4, 5)))

    def test_damage(self) -> None:
        """A file that was written to, or put in the place of another, is checked again."""
        folder = tempfile.mkdtemp()
        store = Store(folder, Seals(os.path.join(folder, "seals")))
        name = store.write(b"V123", [], [])
        store.read(name)
        path = store.path(name)
        with open(path, "rb") as file:
            content = file.read()
        for again in range(2):
            with open(path + "x", "wb") as file:
                file.write(content if again else content.replace(b"123", b"124"))
            os.replace(path + "x", path)
            if again:
                self.assertEqual(store.read(name).stream, b"V123")
            else:
                with self.assertRaises(StoreDamaged):
                    store.read(name)


if __name__ == "__main__":
    unittest.main()
