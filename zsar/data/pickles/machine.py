"""The machine that follows a pickle's opcodes: a stack, a memo and a place in the file."""

import pickle
import struct

from zsar.data.pickles.words import LONG_TEXT, PLAIN, Dtype, LongText, PickledArray, Refused, call, members, word

OPERATIONS = 50_000_000
"""Steps that a pickle may take; NTU RGB+D 120 as pyskl has it takes about a tenth."""
_MARK = object()
_CONSTANTS = {pickle.NONE: None, pickle.NEWTRUE: True, pickle.NEWFALSE: False}
_CONTAINERS = {pickle.EMPTY_LIST: list, pickle.EMPTY_DICT: dict, pickle.EMPTY_SET: set}
_PACKED = {
    pickle.BININT: struct.Struct("<i"),
    pickle.BININT1: struct.Struct("<B"),
    pickle.BININT2: struct.Struct("<H"),
    pickle.BINFLOAT: struct.Struct(">d"),
}
_BYTES = {pickle.BINBYTES: 4, pickle.SHORT_BINBYTES: 1, pickle.BINBYTES8: 8, pickle.BYTEARRAY8: 8}
_TEXT = {pickle.BINUNICODE: 4, pickle.SHORT_BINUNICODE: 1, pickle.BINUNICODE8: 8}
_OLD_TEXT = {pickle.BINSTRING: 4, pickle.SHORT_BINSTRING: 1}
_LINES = {
    pickle.INT: lambda line: line == b"01" if line in (b"00", b"01") else int(line),  # how protocol 0 writes bool
    pickle.LONG: lambda line: int(line.rstrip(b"L")),
    pickle.FLOAT: float,
    pickle.UNICODE: lambda line: str(line, "raw-unicode-escape"),
}
_MARKED = {pickle.LIST: list, pickle.TUPLE: tuple, pickle.FROZENSET: lambda values: frozenset(members(values))}
_PUT, _GET = {pickle.BINPUT: 1, pickle.LONG_BINPUT: 4}, {pickle.BINGET: 1, pickle.LONG_BINGET: 4}
_TUPLES = {pickle.EMPTY_TUPLE: 0, pickle.TUPLE1: 1, pickle.TUPLE2: 2, pickle.TUPLE3: 3}
_OBJECTS = {
    pickle.INST: "makes an object",
    pickle.OBJ: "makes an object",
    pickle.NEWOBJ: "makes an object",
    pickle.NEWOBJ_EX: "makes an object",
    pickle.PERSID: "refers to something outside of the file",
    pickle.BINPERSID: "refers to something outside of the file",
    pickle.EXT1: "refers to a registered function",
    pickle.EXT2: "refers to a registered function",
    pickle.EXT4: "refers to a registered function",
    pickle.NEXT_BUFFER: "refers to something outside of the file",
    pickle.READONLY_BUFFER: "refers to something outside of the file",
}


class Machine:
    """A stack, a memo and a place in the file."""

    def __init__(self, view: memoryview):
        self.view, self.at = view, 0
        self.stack: list = []
        self.push = self.stack.append  # the stack stays the same list
        self.memo: dict[int, object] = {}
        steps = {pickle.MARK: lambda: self.push(_MARK)}
        for name in dir(self):
            if name.startswith("do_"):
                steps[getattr(pickle, name[3:].upper())] = getattr(self, name)
        for code, value in _CONSTANTS.items():
            steps[code] = lambda value=value: self.push(value)
        for code, container in _CONTAINERS.items():
            steps[code] = lambda container=container: self.push(container())
        for code, form in _PACKED.items():
            steps[code] = lambda form=form: self.push(form.unpack(self.take(form.size))[0])
        for code, width in _BYTES.items():
            steps[code] = lambda width=width: self.push(self._bytes(self.size(width)))
        for code, width in _TEXT.items():
            steps[code] = lambda width=width: self.push(self._text(self.size(width)))
        for code, width in _OLD_TEXT.items():
            steps[code] = lambda width=width: self.push(str(self.take(self.size(width)), "latin1"))
        for code, read in _LINES.items():
            steps[code] = lambda read=read: self.push(read(self.line()))
        for code, kind in _MARKED.items():
            steps[code] = lambda kind=kind: self.push(kind(self._marked()))
        for code, count in _TUPLES.items():
            steps[code] = lambda count=count: self.push(tuple(self._top(count)))
        for code, width in _PUT.items():
            steps[code] = lambda width=width: self.keep(self.size(width))
        for code, width in _GET.items():
            steps[code] = lambda width=width: self.push(self.memo[self.size(width)])
        steps[pickle.PUT] = lambda: self.keep(int(self.line()))
        steps[pickle.GET] = lambda: self.push(self.memo[int(self.line())])
        steps[pickle.MEMOIZE] = lambda: self.keep(len(self.memo))
        self._steps = {code[0]: step for code, step in steps.items()}
        self._refused = {code[0]: what for code, what in _OBJECTS.items()}

    def run(self) -> object:
        for _ in range(OPERATIONS):
            code = self.view[self.at]
            self.at += 1
            if code == pickle.STOP[0]:
                (value,) = self.stack
                if value is _MARK:
                    raise ValueError("a mark without an end")
                return value
            step = self._steps.get(code)
            if step is None:
                if code in self._refused:
                    raise Refused(self._refused[code])
                raise ValueError(f"opcode {code:#04x}")
            step()
        raise Refused(f"takes more than {OPERATIONS} steps")

    def keep(self, number: int) -> None:
        """Remember the value on top of the stack."""
        self.memo[number] = self.stack[-1]

    def take(self, count: int) -> memoryview:
        """The next bytes of the file, not copied."""
        if count > len(self.view) - self.at:
            raise ValueError("it ends too early")
        self.at += count
        return self.view[self.at - count : self.at]

    def size(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def line(self) -> bytes:
        end, step = self.at, 256
        while b"\n" not in (part := bytes(self.view[end : end + step])):
            if not part:
                raise ValueError("it ends too early")
            end += step
        end += part.index(b"\n")
        content = bytes(self.view[self.at : end])
        self.at = end + 1
        return content

    def _bytes(self, count: int):
        content = self.take(count)
        return content if count > LONG_TEXT else bytes(content)

    def _text(self, count: int):
        content = self.take(count)
        return LongText(content) if count > LONG_TEXT else str(content, "utf-8", "surrogatepass")

    def _top(self, count: int) -> list:
        if len(self.stack) < count:
            raise ValueError("the stack is empty")
        top = self.stack[len(self.stack) - count :]
        if any(value is _MARK for value in top):
            raise ValueError("a mark where a value should be")
        del self.stack[len(self.stack) - count :]
        return top

    def _marked(self) -> list:
        """What is on the stack above the last mark."""
        for at in range(len(self.stack) - 1, -1, -1):
            if self.stack[at] is _MARK:
                values = self.stack[at + 1 :]
                del self.stack[at:]
                return values
        raise ValueError("no mark")

    def _into(self, kind: type):
        if type(self.stack[-1]) is not kind:
            raise Refused(f"fills a {type(self.stack[-1]).__name__} as if it were a {kind.__name__}")
        return self.stack[-1]

    def _set(self, pairs: list) -> None:
        keys = pairs[::2]
        if not all(isinstance(key, PLAIN) for key in keys):  # the hash of nested tuples can take for ever
            raise Refused("has keys that are neither numbers nor strings")
        self._into(dict).update(zip(keys, pairs[1::2], strict=True))

    def do_proto(self):
        if self.size(1) > pickle.HIGHEST_PROTOCOL:
            raise ValueError("a protocol of the future")

    def do_frame(self):
        self.take(8)

    def do_pop(self):
        self.stack.pop()

    def do_pop_mark(self):
        self._marked()

    def do_dup(self):
        self.stack += self._top(1) * 2

    def do_long1(self):
        self.push(int.from_bytes(self.take(self.size(1)), "little", signed=True))

    def do_dict(self):
        pairs = self._marked()
        self.push({})
        self._set(pairs)

    def do_append(self):
        (value,) = self._top(1)
        self._into(list).append(value)

    def do_appends(self):
        values = self._marked()
        self._into(list).extend(values)

    def do_additems(self):
        values = self._marked()
        self._into(set).update(members(values))

    def do_setitem(self):
        self._set(self._top(2))

    def do_setitems(self):
        self._set(self._marked())

    def do_global(self):
        self.push(word(str(self.line(), "utf-8"), str(self.line(), "utf-8")))

    def do_stack_global(self):
        self.push(word(*self._top(2)))

    def do_reduce(self):
        self.push(call(*self._top(2)))

    def do_build(self):
        target, state = self._top(2)
        if not isinstance(target, (PickledArray, Dtype)):
            raise Refused(f"sets the state of a {type(target).__name__}")
        target.build(state)
        self.push(target)
