"""Which statements may be evaluated where a cell ran: those that only compute."""

from __future__ import annotations

import ast
import unittest

import numpy as np
from cellwright_worker.plain_statements import only_compute
from sklearn.metrics import mean_absolute_error


class Frame:
    """Stands for a frame of polars, by the module of its class."""


Frame.__module__ = "polars.dataframe.frame"
NAMESPACE = {
    "np": np,
    "wrong": Frame(),
    "mae_of": mean_absolute_error,
    "test": Frame(),
    "own": lambda: 1,
    "ys": np.zeros(3),
    "rng": np.random.default_rng(1),
}
PLAIN = [
    'mae = (test["y"] - test["p"]).abs().mean()',
    'wrong = test.with_columns(e=1)\nmae: float = float(np.mean(wrong["e"].to_numpy()))',
    'scores = {"mae": mae_of(test["y"], test["p"]), "rows": len(test)}',
    "a, b = np.sqrt(ys), [abs(y) for y in ys]",
    'best = test.lazy().sort("y").collect().item()',
]
MORE = [
    "mae = own()",
    "ys.sort()",
    "x = ys.sort()",
    "x = np.copyto(ys, 1)",
    "x = np.add(ys, 1, out=ys)",
    "x = np.nan_to_num(ys, copy=False)",
    "x = np.add.at(ys, [0], 1)",
    "x = np.random.rand()",
    "x = rng.normal()",
    "x = test.write_csv('a')",
    "x = test.sample(3)",
    "x = np.save('a', ys)",
    "x = open('a')",
    "x = print(1)",
    "ys[0] = 1",
    "test.columns = []",
    "x = (y := 3)",
    "for y in ys:\n    x = y",
    "x = f'{own()}'",
    "x = dict(**own)",
    "x = test.map_rows(own)",
    "x = __import__('os')",
]


class PlainStatements(unittest.TestCase):
    def test_what_only_computes(self) -> None:
        for source in PLAIN:
            with self.subTest(source):
                self.assertTrue(only_compute(ast.parse(source).body, NAMESPACE))

    def test_what_may_do_more(self) -> None:
        for source in MORE:
            with self.subTest(source):
                self.assertFalse(only_compute(ast.parse(source).body, NAMESPACE))


if __name__ == "__main__":
    unittest.main()
