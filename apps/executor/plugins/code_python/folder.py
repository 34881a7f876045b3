# A small folder in memory in place of a disk: open, os.listdir, os.stat, pathlib and import work on it.
import binascii
import builtins
import errno
import io
import os

MOST_FILES = 100
MOST_BYTES = 1048576
FILE_MODE, FOLDER_MODE = 0x8000, 0x4000
NO_SPACE = 28
NAME_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"


class MemoryFile(io.IOBase):
    """An open file. What is written is in the folder at once."""

    def __init__(self, name, content, mode):
        self.name = name
        self.mode = mode
        self.closed = False
        self._content = content
        self._binary = "b" in mode
        self._readable = "r" in mode or "+" in mode
        self._writable = "r" not in mode or "+" in mode
        self._at = len(content) if "a" in mode else 0

    def read(self, size=-1):
        """So many bytes, or characters in text mode; all that is left without a size."""
        counted = size is not None and size >= 0
        return self._given(self._take(self._end_of(size) - self._at if counted and not self._binary else size))

    def readline(self):
        found = self._content.find(b"\n", self._at)
        return self._given(self._take(-1 if found < 0 else found + 1 - self._at))

    def readlines(self):
        return list(self)

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def write(self, data):
        self._check(self._writable, "write")
        if self._binary:
            if isinstance(data, str):
                raise TypeError("a file in binary mode takes bytes, not str")
            raw = bytes(data)
        elif isinstance(data, str):
            raw = data.encode()
        elif isinstance(data, (bytearray, memoryview)):
            # From json.dump and print, which write text as bytes.
            raw = bytes(data)
        else:
            raise TypeError("a file in text mode takes str, not %s" % type(data).__name__)
        if "a" in self.mode:
            self._at = len(self._content)
        end = self._at + len(raw)
        FOLDER.make_room(self.name, end - len(self._content))
        if self._at > len(self._content):
            self._content.extend(bytes(self._at - len(self._content)))
        self._content[self._at:end] = raw
        self._at = end
        FOLDER.written.add(self.name)
        return len(data)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def readinto(self, buffer):
        taken = self._take(len(buffer))
        buffer[:len(taken)] = taken
        return len(taken)

    def seek(self, offset, whence=0):
        self._check(True, "seek")
        self._at = max(0, offset + (0, self._at, len(self._content))[whence])
        return self._at

    def tell(self):
        return self._at

    def truncate(self, size=None):
        self._check(self._writable, "truncate")
        size = self._at if size is None else size
        del_from = min(size, len(self._content))
        self._content[del_from:] = b""
        FOLDER.written.add(self.name)
        return size

    def flush(self):
        pass

    def close(self):
        self.closed = True

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.close()

    def ioctl(self, request, argument):
        # MicroPython asks for the size of its buffer, and to close, flush or seek; 0 says that all is well.
        return 0

    def _end_of(self, characters):
        """The place after so many characters."""
        at = self._at
        while at < len(self._content) and (characters > 0 or self._content[at] & 0xC0 == 0x80):
            if self._content[at] & 0xC0 != 0x80:
                characters -= 1
            at += 1
        return at

    def _take(self, size):
        self._check(self._readable, "read")
        end = len(self._content) if size is None or size < 0 else min(self._at + size, len(self._content))
        taken = bytes(self._content[self._at:end])
        self._at += len(taken)
        return taken

    def _given(self, raw):
        if self._binary:
            return raw
        try:
            return str(raw, "utf-8")
        except UnicodeError:
            raise UnicodeError("%s is no UTF-8; open it with mode 'rb'" % self.name)

    def _check(self, allowed, what):
        if self.closed:
            raise ValueError("the file %s is closed" % self.name)
        if not allowed:
            raise OSError(errno.EBADF, "the file %s was opened with mode '%s', which cannot %s" % (self.name, self.mode, what))


class Folder:
    """What MicroPython takes for a disk."""

    def __init__(self):
        self.contents = {}
        self.written = set()

    def load(self, files):
        for name, content in files.items():
            self._check_name(name)
            raw = content.encode() if isinstance(content, str) else _from_base64(name, content["base64"])
            self.make_room(name, len(raw))
            self.contents[name] = bytearray(raw)

    def result(self):
        """What was written and is still there, as text or as { base64 }."""
        return {name: _as_json(bytes(self.contents[name])) for name in sorted(self.written)}

    def make_room(self, name, growth):
        total = sum([len(content) for content in self.contents.values()]) + max(growth, 0)
        if total > MOST_BYTES:
            raise OSError(NO_SPACE, "with %s the files would have %d bytes together; the limit is %d" % (name, total, MOST_BYTES))

    def open(self, path, mode="r", *rest):
        name = _name_of(path)
        kind = mode.replace("b", "").replace("t", "").replace("+", "")
        if kind not in ("r", "w", "a", "x"):
            raise ValueError("open() knows the modes r, w, a and x, with b, t and +; not '%s'" % mode)
        known = name in self.contents
        if kind == "r" and not known:
            raise OSError(errno.ENOENT, "there is no file %s; there are %s" % (name, ", ".join(sorted(self.contents)) or "none"))
        if kind == "x" and known:
            raise OSError(errno.EEXIST, "there is a file %s already" % name)
        if not known:
            self._check_name(name)
            if len(self.contents) >= MOST_FILES:
                raise OSError(NO_SPACE, "there are %d files, which is the limit" % MOST_FILES)
        if not known or kind == "w":
            self.contents[name] = bytearray()
            self.written.add(name)
        return MemoryFile(name, self.contents[name], mode)

    def mount(self, readonly, make):
        pass

    def umount(self):
        pass

    def ilistdir(self, path):
        if _name_of(path):
            raise OSError(errno.ENOTDIR)
        return iter([(name, FILE_MODE, 0, len(self.contents[name])) for name in sorted(self.contents)])

    def stat(self, path):
        name = _name_of(path)
        if name and name not in self.contents:
            raise OSError(errno.ENOENT)
        size = len(self.contents[name]) if name else 0
        return (FILE_MODE if name else FOLDER_MODE, 0, 0, 0, 0, 0, size, 0, 0, 0)

    def remove(self, path):
        name = _name_of(path)
        if name not in self.contents:
            raise OSError(errno.ENOENT, "there is no file %s" % name)
        del self.contents[name]
        self.written.discard(name)

    def rename(self, old, new):
        source, target = _name_of(old), _name_of(new)
        if source not in self.contents:
            raise OSError(errno.ENOENT, "there is no file %s" % source)
        self._check_name(target)
        content = self.contents[source]
        self.remove(source)
        self.contents[target] = content
        self.written.add(target)

    def getcwd(self):
        return "/"

    def chdir(self, path):
        if _name_of(path):
            raise OSError(errno.ENOENT)

    def mkdir(self, path):
        raise OSError(errno.EPERM, "there is one folder, and none can be made in it")

    rmdir = mkdir

    def _check_name(self, name):
        if not 1 <= len(name) <= 100 or name[0] in ".-" or any([letter not in NAME_LETTERS for letter in name]):
            raise OSError(errno.EINVAL, "%r is no name of a file here: 1 to 100 letters, digits, and . _ - (there is one folder, without folders in it)" % name)


def _name_of(path):
    path = str(path)
    while path[:2] == "./" or path[:1] == "/":
        path = path[2:] if path[:2] == "./" else path[1:]
    return "" if path == "." else path


def _from_base64(name, text):
    try:
        return binascii.a2b_base64(text.encode())
    except Exception as error:
        raise ValueError("the file %s cannot be read: it is no base64 (%s)" % (name, error))


def _as_json(raw):
    try:
        return str(raw, "utf-8")
    except UnicodeError:
        return {"base64": binascii.b2a_base64(raw).decode().strip()}


FOLDER = Folder()
os.mount(FOLDER, "/")
os.chdir("/")


def open_file(path, mode="r", *rest, encoding=None, **named):
    if encoding is not None and str(encoding).lower().replace("_", "-") not in ("utf-8", "utf8", "ascii"):
        raise ValueError("text in files is UTF-8 here, not %s; open with mode 'rb' and decode it" % encoding)
    return FOLDER.open(path, mode)


builtins.open = io.open = open_file
