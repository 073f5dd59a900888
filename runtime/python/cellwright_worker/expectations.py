"""Results of Great Expectations: which expectations were not met, and by how much. Runs in a process that is thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .numbers_of import short

# More are only counted.
_MOST = 20


def unmet(result: Any) -> dict[str, str]:
    """What failed in the result of an expectation, of a suite or of a checkpoint; empty for any other object."""
    found: dict[str, str] = {}
    more = 0
    for one in _leaves(result):
        name = _name(one)
        if name in found or len(found) < _MOST:
            found[name] = _how(one) if name not in found else f"{found[name]}; {_how(one)}"
        else:
            more += 1
    if more:
        found["others"] = f"{more} failed"
    return found


def _of(value: Any, name: str) -> Any:
    """An entry of a dict, which such results are as JSON, else an attribute."""
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _leaves(result: Any) -> Iterator[Any]:
    """The results of single expectations that are no success."""
    if short(_of(result, "success")) != "False":
        return
    of_suites, of_expectations = _of(result, "run_results"), _of(result, "results")
    if isinstance(of_suites, dict):
        for suite in of_suites.values():
            # Before version 1 there is a level more.
            inner = suite.get("validation_result") if isinstance(suite, dict) else None
            yield from _leaves(suite if inner is None else inner)
    elif isinstance(of_expectations, list):
        for one in of_expectations:
            yield from _leaves(one)
    elif _of(result, "expectation_config") is not None:
        yield result


def _name(result: Any) -> str:
    config = _of(result, "expectation_config")
    kind = _of(config, "type") or _of(config, "expectation_type") or "expectation"
    settings = _of(config, "kwargs")
    values = settings if isinstance(settings, dict) else {}
    columns = [values[key] for key in ("column", "column_A", "column_B") if key in values] or values.get("column_list") or []
    return " ".join([*map(str, columns), str(kind)])


def _how(result: Any) -> str:
    told = _of(result, "result")
    values = told if isinstance(told, dict) else {}
    if "unexpected_count" in values:
        some = [short(value) for value in list(values.get("partial_unexpected_list") or [])[:3]]
        examples = f" ({', '.join(some)})" if some else ""
        return f"{short(values['unexpected_count'])} of {short(values.get('element_count'))} failed{examples}"
    if "observed_value" in values:
        return f"failed, observed {short(values['observed_value'])}"
    return f"failed{_raised(_of(result, 'exception_info'))}"


def _raised(information: Any) -> str:
    """The error of an expectation that could not be evaluated; newer versions have one for each number that was asked for."""
    if not isinstance(information, dict):
        return ""
    for one in (information, *information.values()):
        message = one.get("exception_message") if isinstance(one, dict) else None
        if message:
            return f": {' '.join(str(message).split())[:200]}"
    return ""
