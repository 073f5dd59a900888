"""Paths and command lines that pages ask the Jupyter server for stay below its root."""

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "extensions" / "jupyterlab" / "python"))

from cellwright.confined_arguments import NotAllowed, confine_arguments
from cellwright.confined_paths import OutsideRoot, confine, served_path
from cellwright.confined_requests import ConfinedRequests, Refused


class Place(unittest.TestCase):
    """A root with a notebook, a folder, and links to the inside and the outside."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        top = Path(os.path.realpath(holder.name))
        self.outside = top / "outside"
        self.root = top / "root"
        (self.root / "deep").mkdir(parents=True)
        self.outside.mkdir()
        (self.outside / "secret.ipynb").write_text("{}")
        (self.root / "a.ipynb").write_text('{"metadata": {"kernelspec": {"name": "conda-kernel"}}}')
        (self.root / "deep" / "b.ipynb").write_text("{}")
        (self.root / "inner").symlink_to("deep")
        (self.root / "out").symlink_to(self.outside)
        (self.root / "linked.ipynb").symlink_to(self.outside / "secret.ipynb")


class ConfinedPaths(Place):
    def test_what_is_below_the_root_gets_its_real_path(self) -> None:
        root = str(self.root)
        self.assertEqual(confine(root, "a.ipynb"), str(self.root / "a.ipynb"))
        self.assertEqual(confine(root, "deep/../a.ipynb"), str(self.root / "a.ipynb"))
        self.assertEqual(confine(root, ""), root)
        self.assertEqual(confine(root, str(self.root / "a.ipynb")), str(self.root / "a.ipynb"))
        self.assertEqual(confine(root, "inner/b.ipynb"), str(self.root / "deep" / "b.ipynb"))
        self.assertEqual(confine(root, "b.ipynb", str(self.root / "deep")), str(self.root / "deep" / "b.ipynb"))
        self.assertEqual(confine(root, "not/there/yet"), str(self.root / "not" / "there" / "yet"))
        self.assertEqual(confine(root, "~/x"), str(self.root / "~" / "x"))

    def test_nothing_else_is_let_through(self) -> None:
        for path in ["..", "../outside/secret.ipynb", "/etc/passwd", "deep/../../outside", "out", "out/secret.ipynb", "linked.ipynb",
                     "out/new.ipynb", str(self.outside), str(self.root) + "2", "a\0b"]:  # fmt: skip
            with self.subTest(path), self.assertRaises(OutsideRoot):
                confine(str(self.root), path)

    def test_a_root_that_is_a_link_serves_what_it_leads_to(self) -> None:
        link = self.root.parent / "link"
        link.symlink_to(self.root)
        self.assertEqual(confine(str(link), "a.ipynb"), str(self.root / "a.ipynb"))
        self.assertEqual(served_path(str(link), str(self.root / "deep" / "b.ipynb")), "deep/b.ipynb")
        self.assertIsNone(served_path(str(link), str(self.outside)))


class ConfinedArguments(Place):
    def confine(self, *words: object) -> list[str]:
        return confine_arguments(str(self.root), str(self.root), words)

    def test_paths_become_whole_and_words_stay(self) -> None:
        a, results = str(self.root / "a.ipynb"), str(self.root / "results")
        self.assertEqual(self.confine("status", "a.ipynb"), ["status", a])
        self.assertEqual(self.confine("explain", "a.ipynb", "train"), ["explain", a, "train"])
        self.assertEqual(self.confine("show", "20261127T223639-8ee2"), ["show", "20261127T223639-8ee2"])
        self.assertEqual(self.confine("compile", "./a.ipynb", "--output=results"), ["compile", a, "--output", results])
        self.assertEqual(
            self.confine("run", "a.ipynb", "-p", "origin", "/etc/passwd", "--only", "7"),
            ["run", a, "-p", "origin", "/etc/passwd", "--only", "7"],
        )
        self.assertEqual(self.confine("run", "a.ipynb", "--matrix", "x=1,2"), ["run", a, "--matrix", "x=1,2"])
        self.assertEqual(self.confine("run", "a.ipynb", "--env", "lock"), ["run", a, "--env", "lock"])
        self.assertEqual(self.confine("lock", "a.ipynb", "--check"), ["lock", a, "--check"])

    def test_no_path_leads_out(self) -> None:
        for words in [
            ["status", "../outside/secret.ipynb"],
            ["status", "linked.ipynb"],
            ["run", "a.ipynb", "--output", "../x.ipynb"],
            ["run", "a.ipynb", "-o", "out/x.ipynb"],
            ["run", "a.ipynb", "--report=/tmp/r.html"],
            ["run", "a.ipynb", "--matrix", "/etc/passwd"],
            ["run", "a.ipynb", "--env", "../pylock.toml"],
            ["run", "a.ipynb", "-f", "/etc/passwd"],
            ["verify", "--check", "/etc/passwd"],
            ["verify", "--check=out/c.json"],
            ["debug", "RUN", "-o", "/tmp/x.ipynb"],
            ["lineage", "/etc/passwd"],
            ["show", ".."],
        ]:
            with self.subTest(words), self.assertRaises(OutsideRoot):
                self.confine(*words)

    def test_options_that_are_not_the_page_s_to_choose(self) -> None:
        for words in [
            ["run", "a.ipynb", "--python", "/bin/sh"],
            ["run", "a.ipynb", "--python=/bin/sh"],
            ["run", "a.ipynb", "--kernel", "other"],
            ["run", "a.ipynb", "-kother"],
            ["run", "a.ipynb", "--state", "deep"],
            ["run", "a.ipynb", "--on", "ray://elsewhere"],
            ["run", "a.ipynb", "--mlflow", "http://elsewhere"],
            ["run", "a.ipynb", "-oout/x.ipynb"],
            ["run", "--", "../outside/secret.ipynb"],
            ["run", "-"],
            ["gc", "--all"],
            ["clean", "--all"],
            ["run", "a.ipynb", "--output"],
            ["run", 7],
            [],
        ]:
            with self.subTest(words), self.assertRaises(NotAllowed):
                self.confine(*words)


class Requests(Place):
    def setUp(self) -> None:
        super().setUp()
        self.asked: list[str] = []
        self.requests = ConfinedRequests(str(self.root), self.interpreter)

    def interpreter(self, notebook: str) -> list[str]:
        self.asked.append(notebook)
        return ["--python", "/venv/bin/python"]

    def ask(self, method: str, **params: object) -> dict[str, object]:
        confined = self.requests.confined({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        json.dumps(confined)
        self.assertEqual((confined["id"], confined["method"]), (1, method))
        found: dict[str, object] = confined["params"]
        return found

    def test_a_run_gets_whole_paths_and_the_notebook_s_own_interpreter(self) -> None:
        b = str(self.root / "deep" / "b.ipynb")
        self.assertEqual(
            self.ask("start", notebook="deep/b.ipynb", arguments=["--only", "2"]),
            {
                "notebook": b,
                "folder": str(self.root / "deep"),
                "arguments": ["--only", "2", "--python", "/venv/bin/python"],
            },
        )
        self.assertEqual(self.asked, [b])

    def test_a_locked_environment_has_its_own_interpreter(self) -> None:
        self.assertEqual(self.ask("start", notebook="a.ipynb", arguments=["--env", "lock"])["arguments"], ["--env", "lock"])
        self.assertEqual(self.asked, [])

    def test_commands_that_look_at_the_interpreter_get_it_and_others_do_not(self) -> None:
        a = str(self.root / "a.ipynb")
        status = self.ask("command", folder="", arguments=["status", "./a.ipynb"])
        self.assertEqual(status["arguments"], ["status", a, "--python", "/venv/bin/python"])
        explain = self.ask("command", folder="deep", arguments=["explain", "../a.ipynb"])
        self.assertEqual((explain["folder"], explain["arguments"]), (str(self.root / "deep"), ["explain", a]))

    def test_requests_of_one_notebook_name_it_by_its_real_path(self) -> None:
        for method in ["follow", "stop", "active", "read-notebook", "watch-notebook", "read-report"]:
            self.assertEqual(self.ask(method, notebook="inner/b.ipynb", run="r")["notebook"], str(self.root / "deep" / "b.ipynb"))

    def test_what_is_refused(self) -> None:
        outside = str(self.outside / "secret.ipynb")
        for method, params in [
            ("follow", {"notebook": "../outside/secret.ipynb", "run": "r"}),
            ("read-notebook", {"notebook": outside}),
            ("read-notebook", {"notebook": "linked.ipynb"}),
            ("start", {"notebook": "a.ipynb", "folder": "out"}),
            ("start", {"notebook": "a.ipynb", "arguments": ["--output", "../x.ipynb"]}),
            ("start", {"notebook": "a.ipynb", "arguments": "--force"}),
            ("start", {"notebook": 7}),
            ("command", {"folder": "..", "arguments": ["runs"]}),
            ("command", {"arguments": ["runs"]}),
            ("command", {"folder": ""}),
            ("shutdown", {}),
            ("follow", {}),
        ]:
            with self.subTest(f"{method} {params}"), self.assertRaises(Refused):
                self.ask(method, **params)
        for message in [{"id": 1}, {"method": "start", "params": ["a.ipynb"]}, {"method": 3}]:
            with self.subTest(message), self.assertRaises(Refused):
                self.requests.confined(message)


if __name__ == "__main__":
    unittest.main()
