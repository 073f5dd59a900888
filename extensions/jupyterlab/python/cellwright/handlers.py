"""What the Jupyter server answers below `cellwright/`: who is there, and one WebSocket to the service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import NoSuchKernel
from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from .confined_requests import ConfinedRequests, Refused
from .kernel_interpreter import KernelSpecification, interpreter_options
from .node_runtime import RuntimeMissing, command_line
from .service_process import ServiceProcess
from .version import __version__

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# Whoever may execute code in kernels may do so here; authorizers know this resource.
_RESOURCE = "kernels"
# As in extensions/service/protocol.ts: the answer to what is no message at all.
_PARSE_ERROR = -32700
# Close codes of our own, told to people by the page.
_SERVICE_MISSING = 4001
_SERVICE_ENDED = 4002


async def _check_authorized(handler: JupyterHandler) -> None:
    allowed = await ensure_async(handler.authorizer.is_authorized(handler, handler.current_user, "execute", _RESOURCE))
    if not allowed:
        raise web.HTTPError(403, "This user may not execute code here.")


class AboutHandler(APIHandler):  # type: ignore[misc,unused-ignore]
    """Tells a page that the service is there, and what is missing where it cannot run."""

    auth_resource = _RESOURCE

    @web.authenticated
    async def get(self) -> None:
        """Answers with the version, and with a sentence for people when the Node runtime is not there."""
        await _check_authorized(self)
        try:
            command_line()
            missing = None
        except RuntimeMissing as problem:
            missing = str(problem)
        root = self.settings.get("server_root_dir")
        if missing is None and not root:
            missing = "This server keeps its notebooks elsewhere than in files, so they cannot be run here."
        told = {"version": __version__, "missing": missing, "root": os.path.realpath(root) if root else None}
        self.finish(json.dumps(told))


class ServiceHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):  # type: ignore[misc,unused-ignore]
    """Hands messages between one page and a service of its own, each request confined first."""

    auth_resource = _RESOURCE
    _service: ServiceProcess | None = None
    _listening: asyncio.Task[None] | None = None

    @ws_authenticated  # type: ignore[untyped-decorator,unused-ignore]
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Opens the connection for a known user who may execute code."""
        await _check_authorized(self)
        await super().get(*args, **kwargs)

    async def open(self, *args: Any, **kwargs: Any) -> None:
        """Starts the service; the first message waits for it."""
        super().open(*args, **kwargs)
        root = str(self.settings["server_root_dir"])
        self._requests = ConfinedRequests(root, self._interpreter)
        try:
            self._service = await ServiceProcess.start(command_line("serve", "--stdio"), root, self.log)
        except (RuntimeMissing, OSError) as problem:
            self.log.error("cellwright: %s", problem)
            # A reason of a close frame has at most 123 bytes.
            self.close(_SERVICE_MISSING, str(problem)[:120])
            return
        self._listening = asyncio.create_task(self._listen(self._service))

    async def on_message(self, message: str | bytes) -> None:
        """Confines a request and hands it on; the page is told what is refused."""
        request: dict[str, Any] = {}
        try:
            parsed = json.loads(message)
            if not isinstance(parsed, dict):
                raise Refused(_PARSE_ERROR, "A message is an object.")
            request = parsed
            line = json.dumps(self._requests.confined(request))
        except ValueError:
            self._refuse(None, Refused(_PARSE_ERROR, "The message is no JSON."))
            return
        except Refused as problem:
            self._refuse(request.get("id"), problem)
            return
        if self._service is None:
            return
        try:
            await self._service.send(line)
        except ConnectionError:
            # Its end is told where its messages are read.
            self.log.warning("cellwright: a message came after the service had ended")

    def on_close(self) -> None:
        """Ends the service; runs that it started go on."""
        super().on_close()
        if self._service is not None:
            # Kept by the loop until it is done: the handler itself goes away.
            _ending.add(task := asyncio.create_task(self._service.end()))
            task.add_done_callback(_ending.discard)

    def _refuse(self, identity: object, problem: Refused) -> None:
        self._tell(json.dumps({"jsonrpc": "2.0", "id": identity, "error": {"code": problem.code, "message": problem.message}}))

    def _tell(self, line: str) -> None:
        # When nobody is there any more the service ends too.
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(line)

    async def _listen(self, service: ServiceProcess) -> None:
        code = await service.pass_on(self._tell)
        self.close(_SERVICE_ENDED, f"The service has ended with exit code {code}.")

    def _interpreter(self, notebook: str) -> list[str]:
        def find(name: str) -> KernelSpecification | None:
            try:
                found: KernelSpecification = self.kernel_spec_manager.get_kernel_spec(name)
                return found
            except NoSuchKernel:
                return None

        return interpreter_options(notebook, find, self.settings["kernel_manager"].default_kernel_name)


_ending: set[asyncio.Task[None]] = set()


def add_handlers(server: ServerApp) -> None:
    """Puts the handlers below the server's base address."""
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(  # type: ignore[no-untyped-call,unused-ignore]
        ".*$",
        [
            (url_path_join(base, "cellwright", "about"), AboutHandler),
            (url_path_join(base, "cellwright", "service"), ServiceHandler),
        ],
    )
