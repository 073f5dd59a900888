"""What a lock takes a cell to import, and what it finds without executing anything."""

from __future__ import annotations

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "runtime", "python"))

from cellwright_lock.follow import Follower
from cellwright_lock.installed import Installed
from cellwright_lock.statements import find_imports_of_cell

# A cell, and the modules that it names; `?` behind one that may be missing.
CELLS = {
    "import a.b as c, d": "a.b d",
    "from a import b, c": "a a.b a.c",
    "from a import *": "a",
    "def f():\n    import a": "a",
    "try:\n    import a\nexcept ImportError:\n    import b": "a? b",
    "try:\n    import a\nexcept (KeyError, ModuleNotFoundError):\n    pass": "a?",
    "try:\n    import a\nexcept KeyError:\n    pass": "a",
    "try:\n    import a\nfinally:\n    import b": "a b",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nelse:\n    import b": "typing typing.TYPE_CHECKING b",
    "import importlib\nimportlib.import_module('a.b')": "importlib a.b",
    "__import__('a')": "a",
    "%load_ext a": "a",
    "%matplotlib inline": "matplotlib matplotlib_inline",
    "%time import a": "a",
    "%%time\nimport a\n!ls": "a",
    "%%bash\nimport a": "",
    "%%capture out\n%load_ext b\nimport a": "b a",
    "x = !ls\nimport a": "a",
    "import a\n?a": "a",
    "this is no Python": "",
    "# import a\n'import b'": "",
}


def names(cell: str) -> str:
    return " ".join(module.name + "?" * module.guarded for module in find_imports_of_cell(cell).modules)


class StatementsTest(unittest.TestCase):
    def test_cells(self) -> None:
        """By their syntax alone."""
        for cell, expected in CELLS.items():
            with self.subTest(cell):
                self.assertEqual(names(cell), expected)

    def test_what_cannot_be_told(self) -> None:
        """A name that is made while the cell runs."""
        found = find_imports_of_cell("import importlib\nimportlib.import_module(name)")
        self.assertEqual(found.dynamic, [2])

    def test_modules_of_the_user(self) -> None:
        """They are followed, wherever the text lets them be searched for, and never executed."""
        with tempfile.TemporaryDirectory() as folder:
            files = {
                "one.py": "raise SystemExit\nfrom pkg.deep import x\n",
                "pkg/__init__.py": "from . import side\n",
                "pkg/side.py": "import traitlets\n",
                "pkg/deep.py": "from .missing import y\nx = 1\n",
                "lib/two.py": "import not_there_at_all\n",
                "run.py": "import IPython.display\n",
                "random.py": "raise SystemExit\n",
            }
            for name, text in files.items():
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as stream:
                    stream.write(text)
            follower = Follower(Installed(), folder)
            cells = [
                "import one, random, written",
                "import sys\nsys.path.append('lib')\nimport two",
                "%run run.py",
                "%%writefile written.py\nimport pygments\n",
            ]
            follower.follow_cells([{"id": str(place), "source": cell} for place, cell in enumerate(cells)])
            self.assertEqual(follower.distributions, {"traitlets", "ipython", "pygments"})
            told = {(place.get("file"), place["module"]) for place in follower.missing}
            self.assertEqual(told, {("lib/two.py", "not_there_at_all"), ("pkg/deep.py", "pkg.missing")})
            self.assertEqual({os.path.basename(file) for file in follower.local}, {os.path.basename(name) for name in files})


if __name__ == "__main__":
    unittest.main()
