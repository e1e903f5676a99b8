"""Runs the SDK's coroutines without an event loop, for the blocking client.

Over the blocking transport a coroutine never suspends, so one step takes it to its end. `Blocking` turns a coroutine method
into a blocking one with the same arguments, so that each call is written, typed and described once.
"""

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that never suspends, and give its result."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    finally:
        coroutine.close()
    raise RuntimeError("the blocking transport suspended, which it must not")


class HasOperations(Protocol):
    """A client that holds the coroutines it runs."""

    operations: Any


class Blocking(Generic[Arguments, Result]):
    """A method that runs the coroutine method of the same name to its end."""

    def __init__(self, method: Callable[Concatenate[Any, Arguments], Coroutine[Any, Any, Result]]) -> None:
        """Take the coroutine method."""
        self._method = method
        update_wrapper(self, method)  # type: ignore[arg-type]

    @overload
    def __get__(self, client: None, owner: type[object]) -> "Blocking[Arguments, Result]": ...

    @overload
    def __get__(self, client: HasOperations, owner: type[object]) -> Callable[Arguments, Result]: ...

    def __get__(
        self, client: HasOperations | None, owner: type[object]
    ) -> "Callable[Arguments, Result] | Blocking[Arguments, Result]":
        """Give the blocking method of one client."""
        if client is None:
            return self
        operations = client.operations

        def blocking(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            return run(self._method(operations, *args, **kwargs))

        update_wrapper(blocking, MethodType(self._method, operations))
        return blocking
