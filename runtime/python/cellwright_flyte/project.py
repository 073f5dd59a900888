"""An emitted project: runs its steps by the task command, and says what their caches depend on."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from cellwright_store.address import PART
from cellwright_store.store import key_of
from cellwright_task.environment import tag_of_environment, tag_of_text
from cellwright_task.looks import listed_folders, missing_looks, unknown_look
from cellwright_task.manifest import read_document
from cellwright_task.store import ObjectStore, open_store
from cellwright_task.vouching import believed

from .asked import changed_answers, keep_asked
from .dependencies import tag_of_files
from .step_result import CellFailed, Done, LeftFile, StepResult

_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CELL_RAISED = "failed"
_OUTLIVED = "Where the cache has outlived the store, --overwrite-cache or FLYTE_LOCAL_CACHE_OVERWRITE=true runs that step again."


class Project:
    """The folder that `cellwright emit` wrote. Settings come from the environment, as the documentation lists them."""

    def __init__(self, folder: Path, notebook_folder: str, lock: str = "") -> None:
        """`notebook_folder` is seen from `folder`; `lock` is the digest of the locked environment, or empty."""
        self._folder = folder
        self._notebook = (folder / notebook_folder).resolve()
        self._lock = lock

    # What a result depends on.

    def cache_version(self, code: str, files: Sequence[str] = ()) -> str:
        """For Flyte's cache: the code of the step, what is in these files, the environment, and the store and folder that were named."""
        environment = tag_of_text(self._lock) if self._lock else tag_of_environment()
        parts = [code, environment]
        changed = changed_answers(code, self._data_folders()[0])
        if changed:
            parts.append(tag_of_text("\n".join(changed)))
        if files:
            parts.append(tag_of_files(self._data_folders(), files))
        named = [os.environ[name] for name in ("CELLWRIGHT_STORE", "CELLWRIGHT_CWD") if os.environ.get(name)]
        if named:
            parts.append(tag_of_text("\n".join(named)))
        return "-".join(parts)

    @staticmethod
    def image() -> Optional[str]:
        """The image that was named for all tasks."""
        return os.environ.get("CELLWRIGHT_IMAGE") or None

    @staticmethod
    def from_json(text: str) -> Any:
        """A parameter that is a list, a mapping or nothing."""
        return json.loads(text)

    @staticmethod
    def environment() -> dict[str, str]:
        """Variables that a task is registered with, so that it finds in its container what was chosen here."""
        names = ("CELLWRIGHT_STORE",)
        return {name: os.environ[name] for name in names if os.environ.get(name)}

    def _data_folders(self) -> list[Path]:
        """Where files that cells read may be: the notebook's folder, and for a container the copies in the project."""
        named = os.environ.get("CELLWRIGHT_CWD")
        return [Path(named)] if named else [self._notebook, self._folder / "files"]

    # Running.

    def run(self, order: Order, where: Surroundings) -> Done:
        """Run a step in a process of its own. `CellFailed` with the error of the cell when it does not end well."""
        with tempfile.TemporaryDirectory(prefix="cellwright-") as scratch, self._working_folder(order.step, where) as cwd:
            outcome = self._call(order, Call(scratch, cwd, where.store))
            report = self._report(outcome, where.store)
            failure = self._failure(order, outcome, report, At(cwd, where.is_local))
            self._keep_outcome(order, outcome, failure, where)
            where.show(report)
            if failure is not None:
                raise failure
        with opened(where.store) as store:
            manifest = read_document(store, "manifests", believed(order.step, outcome["manifest"]))
            files = files_of(manifest, where.store, store)
        result = StepResult(order.step, outcome["manifest"], variables_of(manifest))
        return Done(result, outcome["report"], outcome["metrics"], files)

    def _failure(self, order: Order, outcome: dict[str, Any], report: dict[str, Any], at: At) -> Optional[CellFailed]:
        if outcome["exitCode"] != 0:
            return CellFailed(why(outcome, report), outcome["exitCode"], again=outcome["status"] == _CELL_RAISED)
        unknown = self._unknown_look(order.step, report, at) if order.cached else None
        return CellFailed(unknown, 1) if unknown is not None else None

    def _keep_outcome(self, order: Order, outcome: dict[str, Any], failure: Optional[CellFailed], where: Surroundings) -> None:
        """For a run that wants to know of every step how it ended, the failing one too."""
        folder = os.environ.get("CELLWRIGHT_RESULTS")
        if not folder or not where.is_local:
            return
        told = {
            **{name: outcome[name] for name in ("step", "status", "manifest", "report", "metrics")},
            # The step itself went well, and its result is not used.
            **({"status": "refused"} if failure is not None and outcome["exitCode"] == 0 else {}),
            "exitCode": failure.exit_code if failure is not None else 0,
            "run": os.environ.get("CELLWRIGHT_RUN", ""),
            "cacheKey": self._cache_key(order.step),
            "inputs": {need.step: need.manifest for need in order.needs},
            "why": f"{failure}\n" if failure is not None else "",
        }
        temporary = Path(folder, f".{order.step}.tmp")
        temporary.write_text(json.dumps(told), encoding="utf-8")
        temporary.replace(Path(folder, f"{order.step}.json"))

    def _unknown_look(self, step: str, report: dict[str, Any], at: At) -> Optional[str]:
        """What the version in Flyte's cache does not know of must not have been looked at."""
        plan = self._plan()
        known = {name for cell in plan["cells"] for name in cell["files"]["writes"]}
        known.update(name for cell in plan["cells"] if cell["step"] == step for name in cell["files"]["reads"])
        looks = [look for cell in report["cells"] for look in cell["observed"].get("filesRead", [])]
        if at.is_local:
            keep_asked(self._cache_key(step), Path(at.cwd), missing_looks(looks, at.cwd), listed_folders(looks, at.cwd))
        unknown = unknown_look(looks, at.cwd, known)
        if unknown is None:
            return None
        return (
            f"{step} {unknown}, and Flyte's cache cannot know when that is another one, so its result was not used.\n"
            "  help: write #| cache: false in the cell, or run it with these values by cellwright run NB and emit it again "
            "after cellwright profile NB."
        )

    def executed_notebook(self, reports: Sequence[str], where: Surroundings) -> str:
        """Write the notebook with what the cells of these reports showed; gives its path, that which a run on this machine wants."""
        wanted = (os.environ.get("CELLWRIGHT_EXECUTED") or None) if where.is_local else None
        target = wanted or os.path.join(tempfile.mkdtemp(prefix="cellwright-"), "executed.ipynb")
        words = ["collect", "--bundle", str(self._folder / "bundle"), "--store", where.store, "--output", target]
        for report in reports:
            words += ["--report", report]
        done = subprocess.run(self._command(words), check=False)
        if done.returncode != 0:
            raise CellFailed("The executed notebook could not be written; what is above says why.", done.returncode)
        return target

    def _command(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, str(self._folder / "bundle" / "worker" / "task.py"), *words]

    def _call(self, order: Order, call: Call) -> dict[str, Any]:
        step, output = order.step, os.path.join(call.scratch, "outcome.json")
        words = ["run", "--bundle", str(self._folder / "bundle"), "--store", call.store, "--step", step, "--cwd", call.cwd]
        words += ["--output", output]
        for need in order.needs:
            words += ["--input", f"{need.step}={need.manifest}"]
        if order.parameters:
            given = os.path.join(call.scratch, "parameters.json")
            Path(given).write_text(json.dumps(order.parameters), encoding="utf-8")
            words += ["--parameters", given]
        done = subprocess.run(self._command(words), check=False)
        if not os.path.exists(output):
            raise CellFailed(f"{step} did not start; what is above says why.", done.returncode or 70)
        outcome: dict[str, Any] = json.loads(Path(output).read_text(encoding="utf-8"))
        return outcome

    @contextmanager
    def _working_folder(self, step: str, where: Surroundings) -> Iterator[str]:
        """The notebook's folder on this machine; elsewhere one of its own with the files that the step reads."""
        named = os.environ.get("CELLWRIGHT_CWD")
        if named or (where.is_local and self._notebook.is_dir()):
            yield named or str(self._notebook)
            return
        with container_folder(self._notebook_name()) as folder:
            for name in self._files_read(step):
                source = self._folder / "files" / name
                target = Path(folder, name)
                if source.is_file() and ".." not in target.parts:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, target)
            yield folder

    def _plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = json.loads((self._folder / "bundle" / "plan.json").read_text(encoding="utf-8"))
        return plan

    def _cache_key(self, step: str) -> str:
        return next(str(one["cacheKey"]) for one in self._plan()["steps"] if one["name"] == step)

    def _notebook_name(self) -> str:
        bundle = json.loads((self._folder / "bundle" / "bundle.json").read_text(encoding="utf-8"))
        return re.sub(r"[^\w.-]", "_", bundle["notebook"]["name"]).strip(".") or "notebook"

    def _files_read(self, step: str) -> set[str]:
        return {name for cell in self._plan()["cells"] if cell["step"] == step for name in cell["files"]["reads"]}

    def _report(self, outcome: dict[str, Any], store: str) -> dict[str, Any]:
        if not outcome["report"]:
            return {"cells": []}
        with opened(store) as documents:
            return read_document(documents, "reports", outcome["report"])


@contextmanager
def container_folder(name: str) -> Iterator[str]:
    """An empty folder with the same path in every container, since values may hold paths. On a shared machine one step at a time has it."""
    own = Path(tempfile.gettempdir(), f"cellwright-{os.getuid()}")
    own.mkdir(mode=0o700, exist_ok=True)
    if own.stat().st_uid != os.getuid() or own.is_symlink():
        raise CellFailed(f"{own} belongs to somebody else: set CELLWRIGHT_CWD or TMPDIR.", 2)
    with open(own / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = own / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            yield str(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


class Order:
    """What a task asks for."""

    def __init__(self, step: str, needs: Sequence[StepResult], parameters: dict[str, Any], cached: bool) -> None:
        """`cached` is true when Flyte may use the result again."""
        self.step = step
        self.needs = needs
        self.parameters = parameters
        self.cached = cached


class At:
    """Where cells have run."""

    def __init__(self, cwd: str, is_local: bool) -> None:
        """`is_local`: in a folder where files may appear between two runs."""
        self.cwd = cwd
        self.is_local = is_local


class Call:
    """Where one call of the task command works."""

    def __init__(self, scratch: str, cwd: str, store: str) -> None:
        """`scratch` is for the files of the call."""
        self.scratch = scratch
        self.cwd = cwd
        self.store = store


class Surroundings:
    """What an SDK says of where a task runs."""

    is_local = True
    store = ""

    def show(self, report: dict[str, Any]) -> None:
        """Put what the cells gave where the engine's people look for it."""


def variables_of(manifest: dict[str, Any]) -> dict[str, str]:
    """The variables of a manifest, as they are told to people."""
    found: dict[str, str] = {}
    for cell in manifest["cells"]:
        for name, write in cell["result"].get("writes", {}).items():
            if ":" not in name and not name.startswith("_"):
                found[name] = str(write["ref"]["object"])
    return found


def files_of(manifest: dict[str, Any], url: str, store: ObjectStore) -> dict[str, LeftFile]:
    """The files that a step left: where they are in the store, or a copy of those that are there in parts."""
    left = {name: file for cell in manifest["cells"] for name, file in cell["files"].items()}
    found: dict[str, LeftFile] = {}
    for name, file in left.items():
        if not file or "digest" not in file:
            continue
        key = key_of("files", file["digest"])
        if "://" in url and file["size"] > PART:
            copy = os.path.join(tempfile.mkdtemp(prefix="cellwright-"), os.path.basename(name))
            store.get_file(key, copy)
            found[name] = LeftFile(copy, True)
        else:
            found[name] = LeftFile(f"{url.rstrip('/')}/{key}", False)
    return found


@contextmanager
def opened(url: str) -> Iterator[ObjectStore]:
    """The store, as long as it is needed."""
    store = open_store(url)
    try:
        yield store
    finally:
        close = getattr(store, "close", None)
        if close is not None:
            close()


def why(outcome: dict[str, Any], report: dict[str, Any]) -> str:
    """Why a step did not end well, with the cell's own words."""
    lines: list[str] = []
    for cell in report["cells"]:
        for output in cell["outputs"]:
            if output["kind"] == "error" and cell["status"] == _CELL_RAISED:
                lines += [f"{cell['name']}: {output['ename']}: {output['evalue']}", _plain("\n".join(output["traceback"]))]
    for gate in outcome["gates"]:
        if not gate["holds"]:
            seen = ", ".join(f"{name} = {value}" for name, value in gate["values"].items())
            lines.append(f"gate {gate['cell']}: {gate['condition']} does not hold ({seen or gate['why']})")
    for problem in outcome["diagnostics"]:
        lines.append(f"error[{problem['code']}]: {problem['message']}\n  help: {problem['help']}{_about_cache(problem['code'])}")
    return "\n".join(lines) or f"{outcome['step']} ended with {outcome['status']}."


def _about_cache(code: str) -> str:
    """A cache that is older than the store has results that the store does not."""
    return f" {_OUTLIVED}" if code == "CW816" else ""


def _plain(text: str) -> str:
    return _COLOUR.sub("", text)


def bucket_of(prefix: str) -> Optional[str]:
    """`s3://bucket` of an address in a bucket."""
    match = re.match(r"[a-z0-9+]+://[^/]+", prefix)
    return match.group() if match and not prefix.startswith("file://") else None


def store_in(bucket: Optional[str]) -> str:
    """The store when none is named: in the bucket of Flyte's own data; on this machine beside the local cache of Flyte."""
    return f"{bucket}/cellwright" if bucket else os.path.expanduser("~/.flyte/cellwright")
