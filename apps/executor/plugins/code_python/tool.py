# Runs a script and gives the value of its last expression, and what it printed.
# The names used here without an import are those of the driver (libs/tool-sdk/interpreter/micropython/driver.py).

MODULES = (
    "abc array base64 binascii cmath collections copy datetime deflate errno fnmatch functools gc gzip hashlib heapq hmac html "
    "inspect io itertools json locale logging math operator os pathlib platform random re stat string struct sys time types "
    "typing unittest uu zlib"
).split()
# What the modules above import themselves, and what is imported for nothing but its name.
UNLISTED = ("builtins", "micropython", "__future__")


def run(arguments):
    FOLDER.load(arguments.get("files") or {})
    names = {"__name__": "__main__", "input": arguments.get("input"), "tool": tool, "HostError": HostError}
    try:
        value = evaluate(arguments["code"], names)
    except SystemExit as end:
        if end.args and end.args[0]:
            raise
        value = None
    answer = {"value": plain(value), "output": output()}
    if FOLDER.written:
        answer["files"] = FOLDER.result()
    return answer


def evaluate(code, names):
    """Runs the code. Its last statement is compiled as at a prompt, which hands the value to __repl_print__."""
    lines = code.replace("\r\n", "\n").split("\n")
    start = last_statement(lines)
    values = []
    builtins.__repl_print__ = values.append
    program = compile("\n".join(lines[:start]), CODE_FILE, "exec")
    # Lines that are joined to the statement keep its number right.
    ending = compile("\\\n" * start + "\n".join(lines[start:]) + "\n", CODE_FILE, "single")
    exec(program, names)
    exec(ending, names)
    return values[-1] if values else None


def last_statement(lines):
    """The index of the line with which the last statement at the left margin begins."""
    scanner = Scanner()
    start = 0
    decorated = False
    for index, line in enumerate(lines):
        if scanner.between() and line.strip() and line[0] not in " \t\f#":
            if not decorated and not continues(line):
                start = index
            decorated = line[0] == "@"
        scanner.read(line.encode())
    return start


def continues(line):
    """Whether a line at the left margin belongs to the statement above it."""
    for word in ("else", "elif", "except", "finally"):
        if line.startswith(word) and line[len(word):len(word) + 1] in ("", " ", "\t", ":", "(", "\\"):
            return True
    return False


class Scanner:
    """Knows, line by line, whether a text is inside of a bracket, a string or a line that is continued."""

    def __init__(self):
        self.depth = 0
        self.quote = b""
        self.joined = False

    def between(self):
        return not (self.depth or self.quote or self.joined)

    def read(self, line):
        at = 0
        self.joined = False
        while at < len(line):
            if self.quote:
                at = self.end_of_string(line, at)
                continue
            byte = line[at:at + 1]
            if byte == b"#":
                break
            if byte in (b'"', b"'"):
                self.quote = line[at:at + 3] if line[at:at + 3] == byte * 3 else byte
                at += len(self.quote)
                continue
            if byte in (b"(", b"[", b"{"):
                self.depth += 1
            elif byte in (b")", b"]", b"}"):
                self.depth -= 1
            elif byte == b"\\":
                self.joined = at == len(line) - 1
            at += 1
        if len(self.quote) == 1 and not self.joined:
            self.quote = b""

    def end_of_string(self, line, at):
        """The index after the string's end, or after the line's."""
        while at < len(line):
            if line[at:at + 1] == b"\\":
                self.joined = at == len(line) - 1
                at += 2
            elif line[at:at + len(self.quote)] == self.quote:
                at += len(self.quote)
                self.quote = b""
                return at
            else:
                at += 1
        return at


class Nothing:
    """A module of annotations only: every name of it, and every subscript, is this again."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    def __call__(self, *values, **named):
        return values[-1] if values else self


sys.modules["typing"] = sys.modules["__future__"] = Nothing()
native_import = builtins.__import__


def checked_import(name, *rest):
    """In place of import, so that a module that is not there is told from one that is."""
    relative = len(rest) == 4 and rest[3]
    first = name.split(".")[0]
    if first in sys.modules and name in ("typing", "__future__"):
        return sys.modules[name]
    known = first + ".py" in FOLDER.contents or first in MODULES or first in UNLISTED or (first[:1] == "u" and first[1:] in MODULES)
    if not relative and not known:
        raise ImportError("no module named '%s' in MicroPython, a subset of Python 3, and none can be installed; there are %s" % (name, ", ".join(MODULES)))
    return native_import(name, *rest)


builtins.__import__ = checked_import
