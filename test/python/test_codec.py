"""Values through the store: every case of `codec_cases.txt` is dumped in one process, loaded and checked in another.

The digests of a case must be the same when it is dumped in two processes, and when what was loaded is dumped again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
CHILD = os.path.join(HERE, "codec_child.py")


def read_cases() -> list[dict[str, Any]]:
    """The cases in the file; `held` is the variable and the words of the reason, or None."""
    cases: list[dict[str, Any]] = []
    with open(os.path.join(HERE, "codec_cases.txt"), encoding="utf-8") as file:
        text = file.read()
    for block in text.split("\n== ")[1:]:
        title, _, body = block.partition("\n")
        name, _, held = title.partition(" held ")
        setup, _, check = body.partition("----\n")
        variable, _, words = held.partition(": ")
        cases.append({"name": name, "setup": setup, "check": check, "held": [variable, words] if held else None})
    return cases


def run_child(mode: str, store: str, cases: list[dict[str, Any]], seed: str = "0") -> list[dict[str, Any]]:
    """Let a new process dump or load all cases; gives one answer a case."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", CHILD, mode, store],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr[-3000:])
    answers: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answers


class CodecTest(unittest.TestCase):
    """All cases, in three processes."""

    def test_cases(self) -> None:
        """Each case holds after the store."""
        only = os.environ.get("FILTER", "")
        cases = [case for case in read_cases() if only in case["name"]]
        store = tempfile.mkdtemp()
        dumped = run_child("dump", store, cases)
        cases = [case for case, answer in zip(cases, dumped) if not answer.get("skip")]
        dumped = [answer for answer in dumped if not answer.get("skip")]
        again = run_child("dump", tempfile.mkdtemp(), cases)
        loaded = run_child("load", store, [{**case, **answer} for case, answer in zip(cases, dumped)])
        for case, first, second, third in zip(cases, dumped, again, loaded):
            with self.subTest(case["name"]):
                self.assertIsNone(first["error"])
                held = dict([case["held"]]) if case["held"] else {}
                self.assertEqual(sorted(first["unstorable"]), sorted(held), first["unstorable"])
                for variable, words in held.items():
                    self.assertIn(words, first["unstorable"][variable])
                self.assertEqual(first["unstable"], [])
                self.assertIsNone(third["error"])
                contents = {name: ref[2] for name, ref in first["refs"].items()}
                self.assertEqual(contents, {name: ref[2] for name, ref in second["refs"].items()}, "another process")
                self.assertEqual(contents, third["contents"], "dumped again after it was loaded")


if __name__ == "__main__":
    unittest.main()
