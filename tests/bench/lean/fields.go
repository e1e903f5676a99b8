package main

// Walking protobuf's wire format, without knowing the messages.

// field reads the field at the start of a message: its number, its value where it is a number, its bytes where it has a
// length, and what comes after it. ok is false for what is no protobuf.
func field(message []byte) (number int, value uint64, body, rest []byte, ok bool) {
	key, rest, ok := varint(message)
	if !ok {
		return
	}
	number = int(key >> 3)
	switch key & 7 {
	case 0:
		value, rest, ok = varint(rest)
	case 1:
		return skipped(number, rest, 8)
	case 2:
		var size uint64
		if size, rest, ok = varint(rest); ok && size <= uint64(len(rest)) {
			return number, 0, rest[:size], rest[size:], true
		}
		ok = false
	case 5:
		return skipped(number, rest, 4)
	default:
		ok = false
	}
	return number, value, nil, rest, ok
}

func skipped(number int, rest []byte, size int) (int, uint64, []byte, []byte, bool) {
	if len(rest) < size {
		return number, 0, nil, nil, false
	}
	return number, 0, rest[:size], rest[size:], true
}

func varint(data []byte) (value uint64, rest []byte, ok bool) {
	for index := 0; index < len(data) && index < 10; index++ {
		value |= uint64(data[index]&0x7f) << (7 * index)
		if data[index] < 0x80 {
			return value, data[index+1:], true
		}
	}
	return 0, nil, false
}

// numberAt returns the number that a path of fields leads to, 0 where there is none.
func numberAt(message []byte, path []int) uint64 {
	for len(message) > 0 {
		number, value, body, rest, ok := field(message)
		if !ok {
			fail("what arrived is no protobuf")
		}
		if number == path[0] {
			if len(path) == 1 {
				return value
			}
			return numberAt(body, path[1:])
		}
		message = rest
	}
	return 0
}
