"""The commands that every engine calls."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import traceback
from typing import Any

from .collect import at_their_places, executed_notebook
from .environment import tag_of_environment
from .manifest import read_document
from .parameters import given_values
from .plan import Project
from .problem import Problem, StepFailed
from .run_step import Order, Outcome, run_step
from .store import open_store
from .working_files import lay_out


def main(words: list[str]) -> int:
    """The exit code: 0 ok, 1 a cell raised or a check failed, 2 usage, 3 no interpreter, 4 a gate does not hold, 70 our fault."""
    parsed = _parser().parse_args(words)
    # An engine that stops a step lets its processes end with it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    try:
        return int(parsed.command(parsed))
    except StepFailed as failure:
        print(failure.problem, file=sys.stderr)
        return failure.exit_code
    except Exception:  # noqa: BLE001  (the last line of defence)
        traceback.print_exc()
        print(Problem("CW999", "Cellwright itself failed.", "Please report it, with the lines above and the notebook."), file=sys.stderr)
        return 70


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cellwright_task", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="run one step in a process of its own")
    run.add_argument("--step", required=True, metavar="NAME")
    run.add_argument("--input", action="append", default=[], metavar="STEP=REF", help="the manifest of a step that it needs; several times")
    run.add_argument("--inputs", metavar="FILE", help="the same as a JSON object, or output files of steps as a JSON list of objects")
    run.add_argument("--parameters", metavar="FILE", help="values of parameters as a JSON object")
    run.add_argument("--set", action="append", default=[], metavar="NAME=TEXT", help="a parameter that is text; several times")
    run.add_argument("--set-json", action="append", default=[], metavar="NAME=JSON", help="a parameter as JSON; several times")
    run.add_argument("--cwd", default=".", metavar="DIR", help="the folder that the cells run in (default: the current one)")
    run.add_argument("--files", metavar="DIR", help="make --cwd, and put the files there that the step reads and that are in this folder")
    run.add_argument("--reused", action="store_true", help="its result is used again: fail where it looked at what the plan does not list")
    run.add_argument("--output", metavar="FILE", help="write how it ended as JSON")
    run.add_argument("--references", metavar="DIR", help="write its references to the files manifest and report there")
    run.set_defaults(command=_run)
    collect = commands.add_parser("collect", help="write the executed notebook from what steps gave")
    collect.add_argument("results", nargs="*", metavar="FILE", help="output files of steps")
    collect.add_argument("--report", action="append", default=[], metavar="REF", help="the report of a step; several times")
    collect.add_argument("--output", required=True, metavar="NB")
    collect.set_defaults(command=_collect)
    environment = commands.add_parser("environment", help="print a word that is another one with another interpreter or other packages")
    environment.set_defaults(command=_environment)
    for command in (run, collect):
        command.add_argument("--bundle", required=True, metavar="DIR")
        command.add_argument("--store", required=True, metavar="URL")
    return parser


def _run(parsed: argparse.Namespace) -> int:
    parameters = given_values(_load(parsed.parameters, dict) if parsed.parameters else {}, parsed.set, parsed.set_json)
    inputs = dict(_inputs_of(_load(parsed.inputs, (dict, list)))) if parsed.inputs else {}
    for word in parsed.input:
        name, _, reference = word.partition("=")
        inputs[name] = _manifest_of(reference)
    if parsed.files:
        lay_out(Project(parsed.bundle), parsed.step, parsed.files, parsed.cwd)
    order = Order(parsed.bundle, parsed.step, parsed.store, parsed.cwd, inputs, parameters, _show, parsed.reused)
    outcome = run_step(order)
    if parsed.references:
        _write_references(parsed.references, outcome)
    if parsed.output:
        _write(parsed.output, json.dumps(outcome.as_json(), indent=1, ensure_ascii=False) + "\n")
    # What a cell raised that was given too little is not the notebook's error.
    for output in outcome.outputs if outcome.status != "refused" else []:
        if output["kind"] == "error":
            print("\n".join(output["traceback"]), file=sys.stderr)
    for gate in outcome.gates:
        if not gate["holds"]:
            seen = ", ".join(f"{name} = {value}" for name, value in gate["values"].items())
            told = "; ".join(text for text in (seen, gate["why"]) if text)
            print(f"gate {gate['cell']}: {gate['condition']} does not hold{' (' + told + ')' if told else ''}", file=sys.stderr)
    for problem in outcome.diagnostics:
        print(f"error[{problem['code']}]: {problem['message']}\n  help: {problem['help']}", file=sys.stderr)
    return outcome.exit_code


def _write_references(folder: str, outcome: Outcome) -> None:
    """A file for each that there is: engines hand on what is in a file."""
    for name, reference in (("manifest", outcome.manifest), ("report", outcome.report)):
        path = os.path.join(folder, name)
        if reference is not None:
            _write(path, reference)
        elif os.path.exists(path):
            os.unlink(path)


def _inputs_of(document: Any) -> list[tuple[str, str]]:
    if isinstance(document, dict):
        return list(document.items())
    return [(result["step"], result["manifest"]) for result in document]


def _manifest_of(reference: str) -> str:
    """A reference as it is, or that in the output file of a step."""
    if reference.startswith("sha256:") or not os.path.exists(reference):
        return reference
    found = _load(reference, dict)["manifest"]
    if found is None:
        raise StepFailed(Problem("CW819", f"The step of {reference} did not end well.", "Run it again."))
    return str(found)


def _show(output: dict[str, Any]) -> None:
    """What the cells say, in the log of the engine. Errors come last, when it is known whose they are."""
    if output["kind"] == "stream":
        stream = sys.stdout if output["name"] == "stdout" else sys.stderr
        print(output["text"], end="", file=stream, flush=True)
    elif output["kind"] in ("display", "result") and "text/plain" in output["data"]:
        print(output["data"]["text/plain"], flush=True)


def _collect(parsed: argparse.Namespace) -> int:
    store = open_store(parsed.store)
    found = [_load(name, dict).get("report") for name in parsed.results]
    references = [reference for reference in (*found, *parsed.report) if reference]
    reports = [read_document(store, "reports", reference) for reference in references]
    project = Project(parsed.bundle)
    _write(parsed.output, executed_notebook(project.document(), at_their_places(project.tasks, reports)))
    return 0


def _environment(parsed: argparse.Namespace) -> int:
    print(tag_of_environment())
    return 0


def _load(name: str, kinds: Any) -> Any:
    try:
        with open(name, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError) as error:
        raise StepFailed(Problem("CW819", f"{name} cannot be read: {error}.", "Name another file."), 2) from error
    if not isinstance(document, kinds):
        raise StepFailed(Problem("CW819", f"{name} is no file of this kind.", "Name another file."), 2)
    return document


def _write(name: str, text: str) -> None:
    folder = os.path.dirname(os.path.abspath(name))
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".cellwright-{os.getpid()}.tmp")
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, name)
