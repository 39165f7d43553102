"""Real processes for tests: started in milliseconds from a clean server that has the project imported, and killable.

A function that runs in one has to be importable from a module, and its arguments picklable.
"""

import multiprocessing
from collections.abc import Callable
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

LONGEST_SECONDS = 180.0
_CONTEXT: ForkServerContext = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.preloaded"])


def start(function: Callable[..., object], *arguments: Any) -> ForkServerProcess:  # noqa: ANN401 - handed through
    """Start a process that calls a function; whoever starts it has to `finish` it."""
    process = _CONTEXT.Process(target=function, args=arguments, daemon=True)
    process.start()
    return process


def finish(process: ForkServerProcess, seconds: float = LONGEST_SECONDS) -> int:
    """Wait for a process and return its exit code, the negative signal number where one killed it.

    Raises:
        TimeoutError: If it does not end in time; it is killed then.
    """
    process.join(seconds)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(f"the process {process.pid} did not end within {seconds} s")
    return process.exitcode


def call(function: Callable[..., object], *arguments: Any) -> int:  # noqa: ANN401 - handed through
    """Call a function in a process of its own and return the exit code."""
    return finish(start(function, *arguments))


def race(function: Callable[..., object], arguments: list[tuple[Any, ...]]) -> list[int]:
    """Call a function in several processes at once and return their exit codes in order."""
    running = [start(function, *each) for each in arguments]
    return [finish(process) for process in running]
