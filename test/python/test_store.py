"""A store in a folder and behind an address, where `fsspec` is installed: the same promises (see also test/engine/s3.test.ts)."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "runtime", "python"))

from cellwright_store import address
from cellwright_store.address import AddressStore
from cellwright_store.connection import without_password
from cellwright_store.folder import FolderStore
from cellwright_store.store import Damaged, Missing, Refused, Store, Unreachable, key_of

KEY = key_of("objects", "sha256:" + "ab" * 32)
WHOLE = bytes(range(256)) * 5


class StoreTest(unittest.TestCase):
    def setUp(self) -> None:
        """A folder for files, and every kind of store that is here."""
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.stores: list[Store] = [FolderStore(os.path.join(self.folder, "store"), makes=True)]
        # Parts of 100 bytes, so that what is large here is in parts.
        for name, value in (("PART", 100), ("_SMALL", 10)):
            patch = mock.patch.object(address, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        if importlib.util.find_spec("fsspec") is None:
            print("test_store: SKIPPED behind an address, there is no fsspec", file=sys.stderr)
            return
        self.stores.append(AddressStore(f"memory://{os.path.basename(self.folder)}"))
        self.stores.append(AddressStore(f"local://{self.folder}/beside"))

    def _file(self, data: bytes) -> str:
        path = os.path.join(self.folder, "file")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def test_what_is_put_is_there(self) -> None:
        """In one piece and in parts, once; what is removed is not."""
        for store in self.stores:
            with self.subTest(type(store).__name__):
                target = os.path.join(self.folder, "target")
                self.assertFalse(store.has(KEY))
                for ask in (lambda store=store: store.read(KEY), lambda store=store, path=target: store.get_file(KEY, path)):
                    self.assertRaises(Missing, ask)
                for data in (b"", b"small", WHOLE):
                    store.put_file(KEY, self._file(data))
                    self.assertTrue(store.has(KEY))
                    store.get_file(KEY, target)
                    with open(target, "rb") as file:
                        self.assertEqual(file.read(), data)
                    store.remove(KEY)
                    self.assertFalse(store.has(KEY))
                store.write(KEY, b"bytes")
                self.assertEqual(store.read(KEY), b"bytes")

    def test_what_is_damaged_is_told(self) -> None:
        """A part that is cut short; who removes the whole removes that part with it, and it can be put again."""
        for store in self.stores[1:]:
            with self.subTest(store.url if isinstance(store, AddressStore) else ""):
                store.put_file(KEY, self._file(WHOLE))
                part = next(key_of("parts", name) for name in address._index_of(store.read(f"{KEY}.parts"), KEY)[1])
                store.remove(part)
                store.write(part, b"short")
                with self.assertRaises(Damaged):
                    store.get_file(KEY, os.path.join(self.folder, "target"))
                store.remove(KEY)
                self.assertFalse(store.has(part))
                store.put_file(KEY, self._file(WHOLE))
                store.get_file(KEY, os.path.join(self.folder, "target"))

    def test_how_it_fails(self) -> None:
        """A folder that is not mounted may come; an address of which nobody knows how to reach it will not."""
        with self.assertRaises(Unreachable):
            FolderStore(os.path.join(self.folder, "nowhere")).has(KEY)
        with self.assertRaises(Refused) as refused:
            AddressStore("nowhere://user:word@host/path")
        self.assertNotIn("word@", refused.exception.message)
        self.assertEqual(without_password("s3://user:word@host/path"), "s3://host/path")


if __name__ == "__main__":
    unittest.main()
