"""Asks a real Jupyter server, as nobody, as a stranger's page and as its own page; run by server.test with its address and token."""

from __future__ import annotations

import json
import os
import time
import unittest
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.testing import AsyncTestCase, gen_test
from tornado.websocket import WebSocketClientConnection, websocket_connect

ADDRESS = os.environ["CELLWRIGHT_TEST_ADDRESS"]
TOKEN = os.environ["CELLWRIGHT_TEST_TOKEN"]
ROOT = Path(os.environ["CELLWRIGHT_TEST_ROOT"])
NOT_ALLOWED = 3
SLOW = """
import time
for _ in range(60):
    time.sleep(0.1)
"""


def notebook(*sources: str) -> str:
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
        for n, s in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def processes(words: str) -> list[int]:
    """Programs of this machine that have these words in their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in line and "server_checks" not in line:
            found.append(int(place.parent.name))
    return found


class Server(AsyncTestCase):
    async def ask(self, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
        body = None if method in {"GET", "HEAD", "DELETE", "OPTIONS"} else "{}"
        request = HTTPRequest(f"{ADDRESS}{path}", method=method, headers=headers, body=body, follow_redirects=False)
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def connect(self, query: str = f"?token={TOKEN}", **headers: str) -> WebSocketClientConnection:
        address = f"{ADDRESS}cellwright/service{query}".replace("http:", "ws:", 1)
        return await websocket_connect(HTTPRequest(address, headers=headers))

    async def call(self, socket: WebSocketClientConnection, method: str, **params: object) -> dict[str, Any]:
        await socket.write_message(json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
        while True:
            line = await socket.read_message()
            assert isinstance(line, str), "the connection was closed"
            message: dict[str, Any] = json.loads(line)
            if message.get("id") == 7:
                return message

    async def open(self) -> WebSocketClientConnection:
        socket = await self.connect()
        answer = await self.call(socket, "initialize", protocol=1)
        self.assertEqual(answer["result"]["protocol"], 1)
        return socket

    @gen_test
    async def test_nobody_without_the_token_is_answered(self) -> None:
        for path in ["cellwright/about", "cellwright/service"]:
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]:
                answer = await self.ask(path, method)
                with self.subTest(f"{method} {path}"):
                    if method == "OPTIONS" and path == "cellwright/about":
                        # Jupyter's own answer to what a browser asks before a request; it has no content.
                        self.assertEqual(answer.body or b"", b"")
                    else:
                        self.assertIn(answer.code, {403, 405})
        wrong = await self.ask("cellwright/about", Authorization="token wrong")
        self.assertEqual(wrong.code, 403)

    @gen_test
    async def test_its_own_page_is_told_who_is_there(self) -> None:
        answer = await self.ask("cellwright/about", Authorization=f"token {TOKEN}")
        self.assertEqual(answer.code, 200)
        told = json.loads(answer.body)
        self.assertEqual((told["missing"], told["root"]), (None, os.path.realpath(ROOT)))

    @gen_test
    async def test_a_connection_needs_the_token(self) -> None:
        for query in ["", "?token=wrong"]:
            with self.subTest(query), self.assertRaises(HTTPClientError) as raised:
                await self.connect(query)
            self.assertEqual(raised.exception.code, 403)

    @gen_test
    async def test_a_stranger_s_page_gets_no_connection_though_the_browser_knows_the_person(self) -> None:
        # What a login leaves in the browser, which sends it whatever page asks.
        login = await self.ask(f"tree?token={TOKEN}")
        cookies = "; ".join(line.split(";")[0] for line in login.headers.get_list("Set-Cookie"))
        self.assertIn("username", cookies)
        own = await self.connect("", Cookie=cookies, Origin=ADDRESS.split("/", 3)[0] + "//" + ADDRESS.split("/")[2])
        own.close()
        with self.assertRaises(HTTPClientError) as raised:
            await self.connect("", Cookie=cookies, Origin="https://stranger.example")
        self.assertEqual(raised.exception.code, 403)
        # And no other request that changes something is let through without the form's secret.
        posted = await self.ask("cellwright/about", "POST", Cookie=cookies)
        self.assertIn(posted.code, {403, 405})

    @gen_test
    async def test_no_path_leads_out_of_the_root(self) -> None:
        outside = ROOT.parent / "outside.ipynb"
        outside.write_text(notebook("1"))
        (ROOT / "link.ipynb").unlink(missing_ok=True)
        (ROOT / "link.ipynb").symlink_to(outside)
        socket = await self.open()
        for path in ["../outside.ipynb", "link.ipynb", str(outside), "/etc/passwd"]:
            for method in ["read-notebook", "watch-notebook", "active", "start", "read-report"]:
                answer = await self.call(socket, method, notebook=path, arguments=[])
                with self.subTest(f"{method} {path}"):
                    self.assertEqual(answer["error"]["code"], NOT_ALLOWED)
            answer = await self.call(socket, "command", folder="", arguments=["status", path])
            self.assertEqual(answer["error"]["code"], NOT_ALLOWED)
        answer = await self.call(socket, "command", folder="..", arguments=["runs"])
        self.assertEqual(answer["error"]["code"], NOT_ALLOWED)
        socket.close()

    @gen_test
    async def test_what_is_no_message_is_told_and_the_connection_goes_on(self) -> None:
        socket = await self.open()
        await socket.write_message("no json")
        line = await socket.read_message()
        assert isinstance(line, str)
        self.assertEqual(json.loads(line)["error"]["code"], -32700)
        (ROOT / "a.ipynb").write_text(notebook("a = 1", "a + 1"))
        answer = await self.call(socket, "command", folder="", arguments=["status", "./a.ipynb"])
        self.assertEqual(len(answer["result"]["document"]["tasks"]), 2)
        socket.close()

    @gen_test(timeout=90)
    async def test_each_connection_has_one_service_which_ends_with_it_and_its_runs_go_on(self) -> None:
        (ROOT / "slow.ipynb").write_text(notebook("import os\nopen('began', 'w').close()", SLOW + "open('ended', 'w').close()"))
        for name in ["began", "ended"]:
            (ROOT / name).unlink(missing_ok=True)
        before = set(processes("serve --stdio"))
        socket = await self.open()
        self.assertEqual(len(set(processes("serve --stdio")) - before), 1)
        answer = await self.call(socket, "start", notebook="slow.ipynb", arguments=[])
        run = answer["result"]["run"]
        await self.wait(lambda: (ROOT / "began").exists())
        socket.close()
        await self.wait(lambda: not set(processes("serve --stdio")) - before)
        self.assertFalse((ROOT / "ended").exists())
        again = await self.open()
        active = await self.call(again, "active", notebook="slow.ipynb")
        self.assertEqual([one["run"] for one in active["result"]["runs"]], [run])
        await self.wait(lambda: (ROOT / "ended").exists())
        again.close()

    async def wait(self, is_so: Any) -> None:
        until = time.monotonic() + 40
        while not is_so():
            self.assertLess(time.monotonic(), until, "waited in vain")
            await AsyncHTTPClient().fetch(f"{ADDRESS}api")


if __name__ == "__main__":
    unittest.main()
