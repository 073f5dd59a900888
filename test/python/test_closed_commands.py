"""Which shell commands count as saying only what they were told."""

from __future__ import annotations

import os
import sys
import unittest
from typing import Any
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "runtime", "python"))

from cellwright_worker.closed_commands import variables_of

CLOSED = ("echo", "echo one two", '  echo "a $B"', r"printf 'one\ntwo\n'", "echo 'it''s' = %d @x", "echo $HOME/x")
OPEN = (
    "ls", "echoes", "/bin/echo x", "echo *", "echo a?", "echo [ab]", "echo ~", "echo a > b", "echo a | sh", "echo a; ls", "echo a && ls",
    "echo $(ls)", "echo `ls`", "echo ${A}", "echo {a,b}", "echo a &", "echo $1", "echo $$", "echo a\nls", "echo !!", "A=1 echo", "echo $",
)  # fmt: skip


def _answers(**variables: str) -> dict[str, Any]:
    with mock.patch.dict(os.environ, {"SHELL": "/bin/bash", **variables}, clear=True):
        return {command: variables_of(command) for command in (*CLOSED, *OPEN)}


class ClosedCommandsTest(unittest.TestCase):
    def test_commands(self) -> None:
        """Only words, quotes and variables after `echo` and `printf`."""
        for command, names in _answers().items():
            self.assertEqual(names is not None, command in CLOSED, command)

    def test_what_they_depend_on(self) -> None:
        """All variables, and those by name that are left out of all."""
        names = _answers()['  echo "a $B"'] or []
        self.assertLessEqual({"*", "B"}, set(names))

    def test_values_that_match_names(self) -> None:
        """Without quotes the shell looks for files of that name."""
        self.assertIsNone(_answers(B="*.csv")['  echo "a $B"'])

    def test_shells_that_read_files_first(self) -> None:
        """Their files may make `echo` something else."""
        for variables in ({"SHELL": "/usr/bin/zsh"}, {"SHELL": "/usr/bin/fish"}, {"BASH_ENV": "x"}, {"SSH_CLIENT": "1"}):
            self.assertEqual(set(_answers(**variables).values()), {None}, variables)


if __name__ == "__main__":
    unittest.main()
