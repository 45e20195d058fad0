"""Names of Airflow and other packages, as far as documenting this package needs them: nothing of them is installed.

Sphinx's own mocks hide the signatures of classes that derive from them. Here each class is a real, empty one.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PACKAGES = ("airflow", "asgiref", "attr", "openlineage", "pytest", "starlette", "uvicorn")


class Value:
    """Anything except a class: calling it returns a default that the call names, or itself."""

    def __call__(self, *_arguments: Any, **options: Any) -> Any:
        """Return `fallback`, a decorated function, or this value."""
        if "fallback" in options:
            return options["fallback"]
        decorated = len(_arguments) == 1 and not options and callable(_arguments[0])
        return _arguments[0] if decorated else self

    def __getattr__(self, name: str) -> Any:
        """Return another value; no special method."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self


class Class(ABCMeta):
    """The class of the classes: each attribute that one lacks is a value."""

    def __getattr__(cls, name: str) -> Any:
        """Return a value; no special method."""
        if name.startswith("_"):
            raise AttributeError(name)
        return Value()


class Names(ModuleType):
    """A module that has every name: those in CapWords are classes, the others values."""

    __path__: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        """Make the name, once."""
        if name.startswith("__"):
            raise AttributeError(name)
        is_class = name[0].isupper() and not name.isupper()
        made: Any = Value()
        if is_class:
            is_error = name.endswith(("Exception", "Error", "Timeout"))
            kind, bases = (type, (Exception,)) if is_error else (Class, ())
            made = kind(name, bases, {"__module__": self.__name__})
        setattr(self, name, made)
        return made


class Finder(MetaPathFinder, Loader):
    """Finds the modules of `PACKAGES`."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return the spec of a module of these packages, None for any other."""
        if fullname.partition(".")[0] not in PACKAGES:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return Names(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: names are made when they are asked for."""


def install() -> None:
    """Let the packages be found here, even if they are installed."""
    sys.meta_path.insert(0, Finder())
