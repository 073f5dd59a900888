"""A process of `test_codec.py`: dumps the variables of each case, or loads them, dumps them again and checks them."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "runtime", "python"))

from cellwright_worker.codec import Codec, ValueRef
from cellwright_worker.objects import Store

OWN = set(globals()) | {"OWN", "dump_case", "load_case", "main", "variables"}


def variables() -> dict[str, Any]:
    """What a case has bound."""
    return {name: value for name, value in globals().items() if name not in OWN and not name.startswith("__")}


def dump_case(store: str, case: dict[str, Any]) -> dict[str, Any]:
    """Run the first cell and store its variables."""
    answer: dict[str, Any] = {"refs": {}, "unstorable": {}, "unstable": [], "error": None}
    try:
        exec(compile(case["setup"], "<cell>/1.py", "exec", dont_inherit=True), globals())
        result = Codec(Store(store), globals(), "t1", lambda name: None).dump(variables())
        answer["refs"] = {name: [ref.object, ref.member, ref.content] for name, ref in result.refs.items()}
        answer["unstorable"] = result.unstorable
        answer["unstable"] = sorted(result.unstable)
    except ModuleNotFoundError as error:
        answer["skip"] = str(error)
    except Exception:  # noqa: BLE001 - code of a case may raise anything
        answer["error"] = traceback.format_exc()
    return answer


def load_case(store: str, case: dict[str, Any]) -> dict[str, Any]:
    """Load the variables as a task would, dump them again, run the second cell."""
    refs = {name: ValueRef(*ref) for name, ref in case["refs"].items()}
    groups: dict[str, dict[str, Any]] = {}
    found: dict[str, Any] = {}

    def fetch(name: str) -> Any:
        ref = refs[name]
        if name not in found:
            if ref.object not in groups:
                members, together = codec.load(ref)
                if together:
                    groups[ref.object] = members
                else:
                    found[name] = members[name]
            if ref.object in groups:
                found[name] = groups[ref.object][name]
        return found[name]

    codec = Codec(Store(store), globals(), "t2", fetch)
    answer: dict[str, Any] = {"error": None, "contents": {}}
    try:
        for name in refs:
            value = fetch(name)
            if not name.startswith("def:"):
                globals()[name] = value
        result = codec.dump({name: found[name] for name in refs})
        answer["contents"] = {name: ref.content for name, ref in result.refs.items()}
        exec(compile(case["check"], "<cell>/2.py", "exec", dont_inherit=True), globals())
    except Exception:  # noqa: BLE001 - code of a case may raise anything
        answer["error"] = traceback.format_exc()
    return answer


def main() -> None:
    """Answer for each case, in one line of JSON."""
    mode, store = sys.argv[1:]
    answers = []
    for case in json.load(sys.stdin):
        answers.append((dump_case if mode == "dump" else load_case)(store, case))
        for name in variables():
            del globals()[name]
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
