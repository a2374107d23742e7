"""Files as they come out of a bad download or a bad disk."""

from hypothesis import strategies as st


@st.composite
def damaged(draw, content: bytes) -> bytes:
    """A file's bytes with a few changed, some cut out or put in, or its end missing."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(changed) - 1, 0)))
        how = draw(st.sampled_from(["set", "set", "flip", "cut", "insert", "end"]))
        if how == "set":
            changed[place : place + 1] = bytes([draw(st.integers(0, 255))])
        elif how == "flip" and changed:
            changed[place] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del changed[place : place + draw(st.integers(1, 64))]
        elif how == "insert":
            changed[place:place] = draw(st.binary(max_size=16))
        else:
            del changed[place:]
    return bytes(changed)
