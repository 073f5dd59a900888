"""An emitted project as the tasks of a DAG: runs its steps by the task command, with what Airflow knows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from airflow.sdk import Variable, get_current_context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

_KEY = "CELLWRIGHT_RUN_KEY"
_REPORT = "report"


class Project:
    """The folder that `cellwright emit` wrote. Settings come from the environment of Airflow's workers, as the documentation lists them."""

    def __init__(
        self, folder: Path, notebook_folder: str, *, image: str = "", store: str = "", variants: Optional[Mapping[str, Any]] = None
    ) -> None:
        """`notebook_folder` is seen from `folder`; `image` and `store` are those of `emit`; `variants` are values of parameters by name."""
        self._folder = folder
        self._notebook = folder / notebook_folder
        self._image = image
        self._store = os.environ.get("CELLWRIGHT_STORE") or store or str(folder / "store")
        self._python = os.environ.get("CELLWRIGHT_PYTHON", "python3")
        self._variants = variants or {}

    def run_step(
        self,
        step: str,
        needs: Optional[Mapping[str, str]] = None,
        *,
        parameters: Sequence[str] = (),
        secrets: Sequence[str] = (),
        variables: Optional[Mapping[str, str]] = None,
        variant: str = "",
    ) -> str:
        """Run a step, and give the reference to what it left. A cell that raised may be tried again; a check or a gate would fail again."""
        context = get_current_context()
        given = {**context["params"], **self._variants.get(variant, {})}
        with tempfile.TemporaryDirectory(prefix="cellwright-") as scratch:
            values, output = Path(scratch, "parameters.json"), Path(scratch, "outcome.json")
            values.write_text(json.dumps({name: given[name] for name in parameters}), encoding="utf-8")
            words = ["run", "--bundle", str(self._folder / "bundle"), "--store", self._store, "--step", step, *self._place(variant)]
            words += [f"--input={name}={reference}" for name, reference in (needs or {}).items()]
            words += ["--parameters", str(values), "--output", str(output)]
            code = self._call(words, {**(variables or {}), **_secrets(secrets)})
            if not output.exists():
                raise AirflowFailException(f"{step} ended with exit code {code}; the lines above say why.")
            outcome = json.loads(output.read_text(encoding="utf-8"))
        # Of a step that fails as well: the executed notebook shows where.
        context["ti"].xcom_push(key=_REPORT, value=outcome["report"])
        if outcome["status"] == "failed":
            raise AirflowException(f"A cell of {step} raised; the lines above say what.")
        if outcome["status"] != "ok":
            raise AirflowFailException(f"{step}: {outcome['status']}, exit code {code}; the lines above say why.")
        return str(outcome["manifest"])

    def collect(self, tasks: Sequence[str], *, variant: str = "") -> str:
        """Write the executed notebook from these tasks; fails when one of them did, so that the run of the DAG does."""
        target = self._executed(variant)
        ti, prefix = get_current_context()["ti"], f"{variant}." if variant else ""
        ids = [prefix + task for task in tasks]
        reports = [report for report in (ti.xcom_pull(task_ids=task, key=_REPORT) for task in ids) if report]
        words = ["collect", "--bundle", str(self._folder / "bundle"), "--store", self._store, "--output", target]
        code = self._call([*words, *(f"--report={report}" for report in reports)], {})
        if code != 0:
            raise AirflowFailException(f"The executed notebook could not be written (exit code {code}); the lines above say why.")
        failed = [task for task in ids if not ti.xcom_pull(task_ids=task)]
        if failed:
            raise AirflowFailException(f"{target} was written; these did not end well: {', '.join(failed)}.")
        return target

    def pod(self, *, cpu: str = "", mem: str = "", gpu: str = "", image: str = "") -> dict[str, Any]:
        """For the Kubernetes executor, where its client is installed; other executors have no such thing."""
        try:
            from kubernetes.client import models as k8s
        except ImportError:
            return {}
        limits = {name: amount for name, amount in (("memory", mem), ("nvidia.com/gpu", gpu)) if amount}
        requests = {**({"cpu": cpu} if cpu else {}), **limits}
        resources = k8s.V1ResourceRequirements(requests=requests, limits=limits)
        container = k8s.V1Container(name="base", image=image or self._image or None, resources=resources)
        return {"pod_override": k8s.V1Pod(spec=k8s.V1PodSpec(containers=[container]))}

    def _executed(self, variant: str) -> str:
        folder = Path(os.environ.get("CELLWRIGHT_OUT") or self._folder / "executed")
        return str(folder / f"{variant or 'notebook'}.ipynb")

    def _place(self, variant: str) -> list[str]:
        """The notebook's folder; each variant has one of its own, since cells may write files."""
        named = os.environ.get("CELLWRIGHT_CWD")
        if not variant:
            return ["--cwd", named or str(self._notebook)]
        return ["--cwd", str(Path(named or self._folder / "work") / variant), "--files", str(self._notebook)]

    def _call(self, words: Sequence[str], variables: Mapping[str, str]) -> int:
        """Its exit code. What it says goes into the log of the task, line by line."""
        command = [self._python, str(self._folder / "bundle" / "worker" / "task.py"), *words]
        environment = {**os.environ, **_run_key(), **variables}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        try:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
            return process.wait()
        except BaseException:
            # The time limit of the task, or somebody who stops it: the cells stop with it.
            process.send_signal(signal.SIGTERM)
            process.wait()
            raise


def _run_key() -> dict[str, str]:
    key = os.environ.get(_KEY) or Variable.get(_KEY, default=None)
    return {_KEY: key} if key else {}


def _secrets(names: Sequence[str]) -> dict[str, str]:
    """From the environment of the worker, else from Airflow's variables and so from its secrets backend."""
    return {name: os.environ.get(name) or Variable.get(name) for name in names}
