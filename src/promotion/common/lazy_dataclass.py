"""Data classes whose methods are made with the first instance, not when their module is imported.

`dataclasses.dataclass` writes and compiles the source of some six methods for each class, which takes 0.3 to
1 ms (https://github.com/python/cpython/issues/109870). A small run loads over a hundred such classes, and
makes instances of less than half of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

_LOCK = RLock()
_OF_TYPE = frozenset(("__dict__", "__weakref__", "__init__"))  # what is never copied


def _defer(cls: Any, options: dict[str, Any]) -> Any:
    """Give a class an `__init__` that completes it before it makes its first instance."""

    def __init__(self: Any, /, *arguments: Any, **named: Any) -> None:  # noqa: N807
        finish()
        cls.__init__(self, *arguments, **named)

    def finish() -> None:
        with _LOCK:
            if vars(cls)["__init__"] is __init__:
                _complete(cls, options)

    __init__.finish = finish  # type: ignore[attr-defined]
    cls.__init__ = __init__
    return cls


def _complete(cls: Any, options: dict[str, Any]) -> None:
    """Give a class what `dataclasses` makes for a copy of it: `__init__` last, for threads that come now."""
    for base in cls.__mro__[:0:-1]:
        finish: Callable[[], None] | None = getattr(vars(base).get("__init__"), "finish", None)
        if finish:
            finish()
    own = {name: value for name, value in vars(cls).items() if name not in _OF_TYPE}
    copy = type(cls)(cls.__name__, cls.__bases__, own | {"__qualname__": cls.__qualname__})
    made = vars(dataclasses.dataclass(**options)(copy))
    for name in own.keys() - made.keys():
        delattr(cls, name)
    for name in made.keys() - _OF_TYPE:
        if name not in own or own[name] is not made[name]:
            setattr(cls, name, made[name])
    if options.get("frozen"):
        cls.__setattr__ = cls.__delattr__ = _refuse
    cls.__init__ = made["__init__"]


def _refuse(_self: object, name: str, *_: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: Any) -> Any:
        """Make a class a data class, as `dataclasses.dataclass` does, when its first instance is made.

        Until then `dataclasses.fields` doesn't know it. It may have neither slots nor an `__init__` of its
        own; a data class that inherits from it is to be made by this, too.
        """
        return _defer(cls, options) if cls else lambda cls: _defer(cls, options)
