"""What a step left, by reference: immutable, named by the digest of its bytes, and so is all that it names.

It has no times and nothing else that differs between two equal runs, so that an engine that remembers results by their inputs sees that
they are equal. What people want to know of a run is in the report.
"""

from __future__ import annotations

import json
from typing import Any

from cellwright_store.store import key_of

from .plan import Project, Step, canonical, digest_of
from .problem import Problem, StepFailed
from .store import ObjectStore, check
from .versions import Versions
from .vouching import believed

MANIFEST_VERSION = 1
# What later steps have to know of a cell's result.
_KEPT = ("status", "writes", "deletes", "held", "unsaved", "shown", "shadows", "imported")


def for_others(result: dict[str, Any], whole: bool) -> dict[str, Any]:
    """The part of what a worker told that later steps depend on. Of a `whole` notebook there are none."""
    kept = {name: result[name] for name in (("status",) if whole else _KEPT)}
    slices = result.get("measured", {}).get("slices", [])
    return {**kept, **({"measured": {"slices": slices}} if slices else {})}


def write_document(store: ObjectStore, kind: str, document: dict[str, Any]) -> str:
    """Put a manifest or a report into the store; gives its reference."""
    data = canonical(document)
    digest = digest_of(data)
    store.put(key_of(kind, digest), data)
    return digest


def read_document(store: ObjectStore, kind: str, reference: str) -> dict[str, Any]:
    """Read what a reference names; `StepFailed` when it is not that."""
    document: dict[str, Any] = json.loads(check(store.get(key_of(kind, reference)), reference))
    return document


def read_ancestors(store: ObjectStore, project: Project, step: Step, inputs: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The manifests of all steps before this one, by their names. Those that are not given are named by those that are."""
    found = _with_ancestors(store, project, step, inputs)
    if not set(inputs) <= set(step.needs) <= set(found):
        wanted = ", ".join(step.needs) or "none"
        message = f"{step.name} is given the inputs {', '.join(sorted(inputs)) or 'none'}; it needs {wanted}."
        help_text = "Give --input STEP=REFERENCE for each that no other of them rests on."
        raise StepFailed(Problem("CW819", message, help_text), 2)
    return found


def _with_ancestors(store: ObjectStore, project: Project, step: Step, inputs: dict[str, str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    references: dict[str, str] = {}
    coming = [(name, believed(name, reference)) for name, reference in inputs.items()]
    while coming:
        name, reference = coming.pop()
        if references.get(name, reference) != reference:
            message = f"The inputs of {step.name} rest on two different results of {name}."
            raise StepFailed(Problem("CW819", message, "Give it the results of one run."))
        if name in references:
            continue
        references[name] = reference
        found[name] = _read_manifest(store, project, name, reference)
        coming.extend(found[name]["inputs"].items())
    return found


def _read_manifest(store: ObjectStore, project: Project, name: str, reference: str) -> dict[str, Any]:
    manifest = read_document(store, "manifests", reference)
    is_right = manifest.get("formatVersion") == MANIFEST_VERSION and manifest.get("step") == name
    known = project.steps.get(name)
    if not is_right or known is None or tuple(cell["task"] for cell in manifest["cells"]) != known.tasks:
        raise StepFailed(Problem("CW819", f"{reference} is no result of {name}.", "Give it the results of this notebook."))
    if manifest["status"] != "ok":
        raise StepFailed(Problem("CW819", f"{name} did not end well, so nothing can be made of its result.", "Run it again."))
    return manifest


def take_in(versions: Versions, project: Project, manifests: dict[str, dict[str, Any]]) -> None:
    """What the steps before left is what the cells of this one start from."""
    for manifest in manifests.values():
        for cell in manifest["cells"]:
            ended = versions.cells[project.places[cell["task"]]]
            ended.result = cell["result"]
            ended.files = cell["files"]
