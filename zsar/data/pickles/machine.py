"""The machine that follows a pickle's opcodes: a stack, a memo and a place in the file."""

import pickle
import struct

from zsar.data.pickles.words import LONG_TEXT, PLAIN, Dtype, LongText, PickledArray, Refused, call, members, word

OPERATIONS = 50_000_000
"""Steps that a pickle may take; NTU RGB+D 120 as pyskl has it takes about a tenth."""
_MARK = object()
_CONSTANTS = {
    pickle.NONE: None,
    pickle.NEWTRUE: True,
    pickle.NEWFALSE: False,
}
_PACKED = {
    pickle.BININT: struct.Struct("<i"),
    pickle.BININT1: struct.Struct("<B"),
    pickle.BININT2: struct.Struct("<H"),
    pickle.BINFLOAT: struct.Struct(">d"),
}
_BYTES = {pickle.BINBYTES: 4, pickle.SHORT_BINBYTES: 1, pickle.BINBYTES8: 8, pickle.BYTEARRAY8: 8}
_TEXT = {pickle.BINUNICODE: 4, pickle.SHORT_BINUNICODE: 1, pickle.BINUNICODE8: 8}
_OLD_TEXT = {pickle.BINSTRING: 4, pickle.SHORT_BINSTRING: 1}
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
        self.memo: dict[int, object] = {}
        self._steps = {pickle.MARK: lambda: self.stack.append(_MARK)}
        for name in dir(self):
            if name.startswith("do_"):
                self._steps[getattr(pickle, name[3:].upper())] = getattr(self, name)
        for code, value in _CONSTANTS.items():
            self._steps[code] = lambda value=value: self.stack.append(value)
        for code, form in _PACKED.items():
            self._steps[code] = lambda form=form: self.stack.append(form.unpack(self.take(form.size))[0])
        for code, width in _BYTES.items():
            self._steps[code] = lambda width=width: self.stack.append(self._bytes(self.size(width)))
        for code, width in _TEXT.items():
            self._steps[code] = lambda width=width: self.stack.append(self._text(self.size(width)))
        for code, width in _OLD_TEXT.items():
            self._steps[code] = lambda width=width: self.stack.append(str(self.take(self.size(width)), "latin1"))
        for code, count in _TUPLES.items():
            self._steps[code] = lambda count=count: self.stack.append(tuple(self._top(count)))
        self._steps = {code[0]: step for code, step in self._steps.items()}
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

    def do_int(self):
        line = self.line()
        self.stack.append(line == b"01" if line in (b"00", b"01") else int(line))  # how protocol 0 writes bool

    def do_long(self):
        self.stack.append(int(self.line().rstrip(b"L")))

    def do_long1(self):
        self.stack.append(int.from_bytes(self.take(self.size(1)), "little", signed=True))

    def do_float(self):
        self.stack.append(float(self.line()))

    def do_unicode(self):
        self.stack.append(str(self.line(), "raw-unicode-escape"))

    def do_empty_list(self):
        self.stack.append([])

    def do_empty_dict(self):
        self.stack.append({})

    def do_empty_set(self):
        self.stack.append(set())

    def do_list(self):
        self.stack.append(self._marked())

    def do_tuple(self):
        self.stack.append(tuple(self._marked()))

    def do_frozenset(self):
        self.stack.append(frozenset(members(self._marked())))

    def do_dict(self):
        pairs = self._marked()
        self.stack.append({})
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

    def do_put(self):
        self.memo[int(self.line())] = self.stack[-1]

    def do_binput(self):
        self.memo[self.size(1)] = self.stack[-1]

    def do_long_binput(self):
        self.memo[self.size(4)] = self.stack[-1]

    def do_memoize(self):
        self.memo[len(self.memo)] = self.stack[-1]

    def do_get(self):
        self.stack.append(self.memo[int(self.line())])

    def do_binget(self):
        self.stack.append(self.memo[self.size(1)])

    def do_long_binget(self):
        self.stack.append(self.memo[self.size(4)])

    def do_global(self):
        self.stack.append(word(str(self.line(), "utf-8"), str(self.line(), "utf-8")))

    def do_stack_global(self):
        self.stack.append(word(*self._top(2)))

    def do_reduce(self):
        self.stack.append(call(*self._top(2)))

    def do_build(self):
        target, state = self._top(2)
        if not isinstance(target, (PickledArray, Dtype)):
            raise Refused(f"sets the state of a {type(target).__name__}")
        target.build(state)
        self.stack.append(target)
