"""Holds an export against the libraries of its format: `openlineage FILE` or `ro-crate FOLDER`. Prints what is wrong, or `unreachable`."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import Any

_PLACES = ("facets", "inputFacets", "outputFacets")


def _facet_classes() -> dict[str, Any]:
    """The client's classes by the address of the schema that each was made from."""
    from openlineage.client import generated

    found = {}
    for module in pkgutil.iter_modules(generated.__path__):
        for value in vars(importlib.import_module(f"{generated.__name__}.{module.name}")).values():
            if isinstance(value, type) and hasattr(value, "_get_schema"):
                found[value._get_schema()] = value
    return found


def _facets(told: dict[str, Any], classes: dict[str, Any]) -> dict[str, Any]:
    made = {}
    for name, facet in told.items():
        fields = {key: value for key, value in facet.items() if not key.startswith("_")}
        if "tags" in fields:
            tag = classes[facet["_schemaURL"] + "Fields"]
            fields["tags"] = [tag(**one) for one in fields["tags"]]
        made[name] = classes[facet["_schemaURL"]](**fields, producer=facet["_producer"])
    return made


def check_open_lineage(file: str) -> None:
    """Make every event again with the real client, send it, and compare what it writes with what was exported."""
    from openlineage.client import OpenLineageClient, event_v2
    from openlineage.client.serde import Serde
    from openlineage.client.transport.file import FileConfig, FileTransport

    classes = _facet_classes()
    client = OpenLineageClient(transport=FileTransport(FileConfig(log_file_path=f"{file}.sent", append=True)))
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        datasets: dict[str, list[Any]] = {}
        for role, kind in (("inputs", event_v2.InputDataset), ("outputs", event_v2.OutputDataset)):
            datasets[role] = []
            for one in told[role]:
                facets = {place: _facets(one[place], classes) for place in _PLACES if place in one}
                datasets[role].append(kind(namespace=one["namespace"], name=one["name"], **facets))
        event = event_v2.RunEvent(
            eventType=event_v2.RunState[told["eventType"]],
            eventTime=told["eventTime"],
            run=event_v2.Run(runId=told["run"]["runId"], facets=_facets(told["run"]["facets"], classes)),
            job=event_v2.Job(told["job"]["namespace"], told["job"]["name"], facets=_facets(told["job"]["facets"], classes)),
            producer=told["producer"],
            **datasets,
        )
        written = json.loads(Serde.to_json(event))
        # The client adds tags of its own to what it sends.
        client.emit(event)
        if _compact(written) != _compact(told):
            print("differs", json.dumps(_compact(written)), json.dumps(_compact(told)))


def _compact(value: Any) -> Any:
    """Without what is empty: the client writes it, and it says nothing."""
    if isinstance(value, dict):
        return {key: _compact(item) for key, item in value.items() if item not in (None, {}, [])}
    return [_compact(item) for item in value] if isinstance(value, list) else value


def check_crate(folder: str) -> None:
    """Read the crate with the library, and validate it against the profile Workflow Run Crate."""
    from rocrate.rocrate import ROCrate
    from rocrate_validator import errors, models, services

    crate = ROCrate(folder)
    if crate.mainEntity is None or not crate.root_dataset.get("mentions"):
        print("the library finds no workflow, or no run")
    settings = services.ValidationSettings(
        rocrate_uri=folder,
        profile_identifier="workflow-run-crate-0.5",
        requirement_severity=models.Severity.REQUIRED,
        skip_availability_check=True,
    )
    try:
        issues = [f"{issue.check.identifier}: {issue.message}" for issue in services.validate(settings).get_issues()]
    except errors.ValidationExecutionError as error:
        # The validator takes the terms from the web.
        if "URLError" not in str(error):
            raise
        print("unreachable")
        return
    print("\n".join(issues), end="")


if __name__ == "__main__":
    {"openlineage": check_open_lineage, "ro-crate": check_crate}[sys.argv[1]](sys.argv[2])
