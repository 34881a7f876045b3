# Stands between the sandbox and a tool in Python: the plugin's `run` calls serve(text), which calls the tool's run(input).
# Loaded when the plugin is built. `js.host` is answered only then, and is the one way out (see call2 in stubs-env.wat).
import array
import builtins
import collections
import gc
import io
import json
import sys
from js import host as _host

MAX_DEPTH = 70
MAX_EXACT_INTEGER = 9007199254740991
# Errors name lines of what a tool compiles under this name.
CODE_FILE = "code.py"


class HostError(Exception):
    """What the host refused or could not do; `code` is one of the failure table."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def tool(name, input=None):
    """Calls another tool that the manifest grants, and gives its output. Raises HostError."""
    request = plain({"name": name, "input": {} if input is None else input})
    reply = json.loads(_text(_host("t", json.dumps(request))))
    error = reply.get("error")
    if error:
        raise HostError(error["code"], error["message"])
    return reply.get("value")


def output():
    """What was printed so far; with '?' for what is no ASCII when the bytes printed are no UTF-8."""
    try:
        taken = _text(_host("o", ""))
    except UnicodeError:
        taken = _text(_host("a", ""))
    return taken[1:] + "\n(cut at 65536 bytes)\n" if taken[0] == "!" else taken[1:]


def _text(given):
    """The host gives None in place of a text for which there is no memory."""
    if given is None:
        raise MemoryError()
    return given


def plain(value):
    """A value as JSON can hold it: tuples, sets and ranges as lists, keys as text, integers beyond 2^53 as their digits.

    Raises TypeError or ValueError, which say where the value is that JSON cannot hold.
    """
    return _plain(value, [])


def _plain(value, path):
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if isinstance(value, int):
        return value if -MAX_EXACT_INTEGER <= value <= MAX_EXACT_INTEGER else str(value)
    if isinstance(value, float):
        return _plain_float(value, path)
    if len(path) >= MAX_DEPTH:
        raise ValueError("the value is nested more than %d levels deep, or holds itself" % MAX_DEPTH)
    if isinstance(value, dict):
        return _plain_dict(value, path)
    if isinstance(value, SETS):
        return _plain_items(_in_order(value), path)
    if isinstance(value, SEQUENCES):
        return _plain_items(value, path)
    raise TypeError("%s is of the type %s, which JSON cannot hold; give %s instead" % (_place(path), kind.__name__, _advice(value)))


def _plain_float(value, path):
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("%s is %s, which JSON cannot hold; give None or a text instead" % (_place(path), value))
    return value


def _plain_items(value, path):
    items = []
    path.append(0)
    for index, item in enumerate(value):
        path[-1] = index
        items.append(_plain(item, path))
    path.pop()
    return items


def _plain_dict(value, path):
    result = {}
    path.append("")
    for key, item in value.items():
        path[-1] = key
        result[_plain_key(key, path)] = _plain(item, path)
    path.pop()
    return result


def _plain_key(key, path):
    if type(key) is str:
        return key
    if key is None or type(key) is bool:
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, (int, float)):
        return str(key)
    raise TypeError("%s has a key of the type %s; JSON has text as keys" % (_place(path[:-1]), type(key).__name__))


def _in_order(values):
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _place(path):
    return "value" + "".join(["[%r]" % (step,) for step in path])


def _advice(value):
    if isinstance(value, (bytes, bytearray)):
        return "its decode() or its hex()"
    if hasattr(value, "isoformat"):
        return "its isoformat()"
    if hasattr(value, "__next__"):
        return "a list() of it"
    return "text, a number, a list or a dict"


SETS = (set, frozenset)
SEQUENCES = (list, tuple, range, array.array, collections.deque, type({}.keys()), type({}.values()), type({}.items()))


def describe(error):
    """What a failed call says: the exception's name and words, and the line of the code it came from, if it came from some."""
    if isinstance(error, MemoryError):
        return {"name": "MemoryError", "message": "out of memory"}
    described = {"name": type(error).__name__}
    try:
        described["message"] = MESSAGES.get(str(error), str(error))
        line = line_of(error)
        if line:
            described["line"] = line
    except Exception:
        described["message"] = "an error whose own text cannot be had"
    if isinstance(error, HostError):
        described["code"] = error.code
    return described


MESSAGES = {"pystack exhausted": "maximum recursion depth exceeded"}


def line_of(error):
    """The line of the innermost frame that runs code of CODE_FILE; None when there is none."""
    trace = io.StringIO()
    sys.print_exception(error, trace)
    mark = 'File "%s", line ' % CODE_FILE
    at = trace.getvalue().rfind(mark)
    if at < 0:
        return None
    rest = trace.getvalue()[at + len(mark):]
    return int(rest.split("\n")[0].split(",")[0])


# Given back when memory has run out, so that the failure can be described.
_reserve = [None] * 16384


def serve(text):
    try:
        reply = json.dumps(run(json.loads(text)))
    except BaseException as error:
        _reserve.clear()
        _host("e", _words(error))
    _host("r", reply)


def _words(error):
    """A script may have replaced what describes its failure. Without memory, the plugin itself says so."""
    try:
        return json.dumps(describe(error))
    except MemoryError:
        raise
    except BaseException:
        return '{"name": "Error", "message": "a failure that cannot be described"}'


# MicroPython would collect after every 16 KiB; the plugin decides when it is worth it (`collect` in stubs-env.wat).
gc.threshold(-1)
