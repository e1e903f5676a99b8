"""Many objects read at once, field by field, which costs a third of reading one after the other.

A message is the concatenation of its fields, and a repeated field gathers what comes of it. So the bytes of many objects, one
behind the other, are also one message whose fields are all repeated: each of them is a column. Where only some objects have a
field (one with its default is not written), its column is short: then the bytes are read once more, with a mark behind each
object that shows where what it has ends.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

Column = Sequence[Any]

_TEXT_MARK = b"\xff"  # is in no text, and begins no message
_DECODED_MARK = _TEXT_MARK.decode(errors="surrogateescape")
_NUMBER_MARK = 2**64 - 1  # no field of ours is negative
_AT_ONCE = 1 << 20  # bytes that are read together: an object may have a quarter of that in metadata, which nobody asks for


class Columns:
    """Some fields of a message: texts, messages, and what is a plain number on the wire (numbers, enums, truth values)."""

    def __init__(self, message: type[Message], *names: str) -> None:
        by_name: Any = message.DESCRIPTOR.fields_by_name
        self._fields: list[FieldDescriptor] = [by_name[name] for name in names]
        self._plain = _repeated(message, self._fields, FieldDescriptorProto.TYPE_STRING)
        self._marked = _repeated(message, self._fields, FieldDescriptorProto.TYPE_BYTES)
        marks = {field.name: [_TEXT_MARK if _is_long(field) else _NUMBER_MARK] for field in self._fields}
        self._mark: bytes = self._marked(**marks).SerializeToString()

    def read(self, objects: Sequence[bytes]) -> Sequence[Column]:
        """Return a column for each of the names, as long as there are objects.

        Messages are there as bytes, of a repeated field the last one alone. What is absent has its default: "", b"" or 0.
        """
        if len(objects) > 1 and sum(map(len, objects)) > _AT_ONCE:
            middle = len(objects) // 2
            halves = self.read(objects[:middle]), self.read(objects[middle:])
            return [[*first, *second] for first, second in zip(*halves, strict=True)]
        read = self._plain.FromString(b"".join(objects))
        columns: list[Column] = [getattr(read, field.name)[:] for field in self._fields]
        marked: Any = None
        for place, field in enumerate(self._fields):
            if not columns[place]:
                columns[place] = [_default(field)] * len(objects)
            elif len(columns[place]) < len(objects) or field.is_repeated:
                marked = marked or self._marked.FromString(self._mark.join([*objects, b""]))
                columns[place] = _aligned(getattr(marked, field.name), field)
        return columns


def places_of(values: Iterable[Hashable]) -> Mapping[Any, Sequence[int]]:
    """Return each value of a column with the places where it stands."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for place, value in enumerate(values):
        places[value].append(place)
    return places


def picked(columns: Iterable[Column], places: Sequence[int]) -> list[Column]:
    """Return of each column what stands at some places, which are in order: of all places it is the column itself."""
    return [column if len(places) == len(column) else [column[place] for place in places] for column in columns]


def _repeated(message: type[Message], fields: Iterable[FieldDescriptor], text: "FieldDescriptorProto.Type.ValueType") -> Any:
    """Return the class of messages that have these fields, repeated, with texts read as that."""
    file = FileDescriptorProto(name="columns.proto", syntax="proto3")
    columns = file.message_type.add(name=message.__name__)
    for field in fields:
        number, bytes_ = FieldDescriptorProto.TYPE_UINT64, FieldDescriptorProto.TYPE_BYTES
        kind = {field.TYPE_STRING: text, field.TYPE_MESSAGE: bytes_}.get(field.type, number)
        columns.field.add(name=field.name, number=field.number, type=kind, label=FieldDescriptorProto.LABEL_REPEATED)
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(message.__name__))


def _is_long(field: FieldDescriptor) -> bool:
    return field.type in (field.TYPE_STRING, field.TYPE_MESSAGE)


def _default(field: FieldDescriptor) -> Any:
    return {field.TYPE_STRING: "", field.TYPE_MESSAGE: b""}.get(field.type, 0)


def _aligned(values: Sequence[Any], field: FieldDescriptor) -> Column:
    """Return what each object has of a field: the last of the values before its mark."""
    if field.type == field.TYPE_STRING:
        return b"".join(values).decode(errors="surrogateescape").split(_DECODED_MARK)[:-1]
    mark, default = (_TEXT_MARK, b"") if _is_long(field) else (_NUMBER_MARK, 0)
    column, last = [], default
    for value in values:
        if value == mark:
            column.append(last)
            last = default
        else:
            last = value
    return column
