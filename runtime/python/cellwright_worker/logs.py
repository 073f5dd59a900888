"""The set-up of `logging`: levels, handlers and names, as far as it can be made again elsewhere."""

from __future__ import annotations

import logging
import sys
from typing import Any

from .component import Stuck


def _handler(handler: logging.Handler) -> tuple[Any, ...] | None:
    """What makes an ordinary handler again, or None for nothing special."""
    if isinstance(handler, logging.NullHandler):
        return ("null", handler.level)
    formatter = handler.formatter
    layout = None
    if formatter is not None:
        if type(formatter) is not logging.Formatter:
            raise Stuck(f"a logging formatter of type {type(formatter).__name__}")
        layout = (formatter._style._fmt, formatter.datefmt, type(formatter._style).__name__)
    if handler.filters:
        raise Stuck("a filter on a logging handler")
    if type(handler) is logging.StreamHandler and handler.stream in (sys.stdout, sys.stderr):
        return ("stdout" if handler.stream is sys.stdout else "stderr", handler.level, layout)
    if type(handler) is logging.FileHandler:
        return ("file", handler.level, layout, handler.baseFilename, handler.encoding)
    raise Stuck(f"a logging handler of type {type(handler).__name__}")


def _loggers() -> list[tuple[str, logging.Logger]]:
    loggers: list[tuple[str, Any]] = [("", logging.root), *sorted(logging.root.manager.loggerDict.items())]
    foreign = ("asyncio", "traitlets", "IPython")
    return [(name, logger) for name, logger in loggers if isinstance(logger, logging.Logger) and name.split(".")[0] not in foreign]


def _is_set_up(logger: logging.Logger) -> bool:
    return bool(logger.handlers or logger.level or logger.disabled or not logger.propagate)


class SetUp:
    """What the notebook made of the loggers."""

    def __init__(self) -> None:
        """Remembers which loggers were set up before, and what cannot be handed on."""
        self._before = {name for name, logger in _loggers() if not name or _is_set_up(logger)}
        self._fixed = _fixed()

    def capture(self) -> Any:
        """Logger → levels and handlers; names of levels; the rest."""
        if _fixed() != self._fixed:
            raise Stuck("a class, handler or flag that logging was given")
        found: dict[str, Any] = {}
        for name, logger in _loggers():
            if logger.filters:
                raise Stuck(f"a filter on the logger {name or 'root'}")
            if type(logger).__module__ == "__main__":
                raise Stuck("a logger of a class of the notebook")
            if name in self._before or _is_set_up(logger):
                handlers = [_handler(handler) for handler in logger.handlers]
                found[name] = (logger.level, logger.propagate, logger.disabled, handlers)
        return (found, logging.root.manager.disable, dict(logging._levelToName), dict(logging._nameToLevel))

    def restore(self, value: Any) -> None:
        """Set the loggers up the same way."""
        found, logging.root.manager.disable, names, levels = value
        for table, content in ((logging._levelToName, names), (logging._nameToLevel, levels)):
            table.clear()
            table.update(content)
        for name, (level, propagate, off, handlers) in found.items():
            logger = logging.getLogger(name) if name else logging.root
            logger.setLevel(level)
            logger.propagate, logger.disabled = propagate, off
            if [_handler(handler) for handler in logger.handlers] != handlers:
                logger.handlers[:] = [_make_handler(made) for made in handlers]


def _fixed() -> tuple[Any, ...]:
    return (logging.getLoggerClass(), logging.getLogRecordFactory(), logging.lastResort, logging.raiseExceptions)


def _make_handler(made: tuple[Any, ...]) -> logging.Handler:
    kind, level, *rest = made
    handler: logging.Handler
    if kind == "null":
        handler = logging.NullHandler()
    elif kind == "file":
        handler = logging.FileHandler(rest[1], mode="a", encoding=rest[2], delay=True)
    else:
        handler = logging.StreamHandler(sys.stdout if kind == "stdout" else sys.stderr)
    if rest and rest[0] is not None:
        layout, datefmt, style = rest[0]
        mark = {"PercentStyle": "%", "StrFormatStyle": "{", "StringTemplateStyle": "$"}[style]
        handler.setFormatter(logging.Formatter(layout, datefmt, mark))  # type: ignore[arg-type]
    handler.setLevel(level)
    return handler
