"""What cells compare with `is`, and where they look at the time again."""

from __future__ import annotations

import unittest

from cellwright_worker.cell_trees import trees_of
from cellwright_worker.clocks import Clocks
from cellwright_worker.comparisons import Comparisons


class ComparisonsTest(unittest.TestCase):
    """Which comparisons need one process."""

    def test_values_that_cannot_change(self) -> None:
        """Texts, large numbers and tuples by their names; no matter what else is compared."""
        compared = Comparisons(trees_of(["found = text is other", "def f(x=()):\n    return x is rows or value is None"]))
        self.assertIn("text", compared.of_unchanging({"text": "some words"}))
        self.assertIn("rows", compared.of_unchanging({"rows": (1,)}))
        for harmless in ({"text": ["a"]}, {"other": 7}, {"rows": None}, {"value": "some words"}, {"text": float("nan")}, {"rows": ()}):
            self.assertEqual(compared.of_unchanging(harmless), "")

    def test_literals(self) -> None:
        """The interpreter keeps words and small numbers once; of others there may be two."""
        for text in ("kind is 'linear'", "a[0] is not 1000", "x.y is (1, 2)"):
            self.assertIn("literal", Comparisons(trees_of([text])).of_unchanging({}))
        for text in ("x is None", "x is 0", "x is np.nan", "x == 'linear'", "'a is b'", "x is ("):
            self.assertEqual(Comparisons(trees_of([text])).of_unchanging({"x": "some words"}), "")


class ClocksTest(unittest.TestCase):
    """Which cells measure the time across cells."""

    def test_measured_in_another_cell(self) -> None:
        """The time of one cell with a later one, or the times of two cells."""
        start = "import time\nstart = time.time()"
        self.assertEqual(Clocks(trees_of([start, "work()", "print(time.time() - start)"])).measured, "start")
        self.assertNotEqual(Clocks(trees_of([start, "end = perf_counter()", "end - start"])).measured, "")

    def test_measured_in_one_cell(self) -> None:
        """A cell that measures itself, or only shows when another ran, needs nothing."""
        own = "start = time.time()\nwork()\nprint(time.time() - start)"
        self.assertEqual(Clocks(trees_of([own, own])).measured, "")
        self.assertEqual(Clocks(trees_of(["today = date.today()", "print(today)"])).measured, "")
        self.assertEqual(Clocks(trees_of(["if (:", "start = 3", "time.time() - start"])).measured, "")


if __name__ == "__main__":
    unittest.main()
