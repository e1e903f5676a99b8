package main

// HTTP/2 as a client of gRPC needs it (RFC 9113), and no more: no response header is decoded. Windows are opened so wide that
// a server never waits for one. The header block of a request is sent once in full and then by its places in the table of
// RFC 7541, as every client does.

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

const (
	frameData, frameHeaders, frameReset, frameSettings = 0, 1, 3, 4
	framePing, frameAway, frameWindow                  = 6, 7, 8
	flagEndStream, flagAck, flagEndHeaders, flagPadded = 1, 1, 4, 8

	streamWindow, connectionWindow = 64 << 20, 1 << 30
	buffered                       = 256 << 10
)

// receiver is told of what arrives on a connection, from the one goroutine that reads it.
type receiver interface {
	message(stream uint32, body []byte) // a whole gRPC message; body is only lent
	ended(stream uint32)
	settled() // all that had arrived was told
}

// assembly is a stream's gRPC messages while they come in pieces.
type assembly struct {
	pending []byte
	unacked uint32 // bytes that came since the stream's window was opened last
}

type connection struct {
	socket  net.Conn
	in      *bufio.Reader
	lock    sync.Mutex // of out and next
	out     *bufio.Writer
	next    uint32
	block   []byte // of the next request's headers
	again   []byte // of those after it
	streams map[uint32]*assembly
	unacked uint32
}

func dial(target, method string) *connection {
	socket, err := net.Dial("tcp", target)
	check(err)
	one := &connection{
		socket: socket, in: bufio.NewReaderSize(socket, buffered), out: bufio.NewWriterSize(socket, buffered),
		next: 1, streams: map[uint32]*assembly{},
	}
	one.block, one.again = headerBlocks(target, method)
	one.out.WriteString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	initial := binary.BigEndian.AppendUint32([]byte{0, 4}, streamWindow) // SETTINGS_INITIAL_WINDOW_SIZE
	one.frame(frameSettings, 0, 0, initial)
	one.frame(frameWindow, 0, 0, binary.BigEndian.AppendUint32(nil, connectionWindow-65535))
	return one
}

func headerBlocks(target, method string) (first, again []byte) {
	first = []byte{0x83, 0x86} // :method POST, :scheme http
	first = literal(first, 4, "", method)
	first = literal(first, 1, "", target)
	first = literal(first, 31, "", "application/grpc")
	first = literal(first, 0, "te", "trailers")
	return first, []byte{0x83, 0x86, 0x80 | 65, 0x80 | 64, 0x80 | 63, 0x80 | 62}
}

// literal appends a field that enters the dynamic table; its name is at an index of the static one, or is new.
func literal(block []byte, index byte, name, value string) []byte {
	block = append(block, 0x40|index)
	if index == 0 {
		block = append(append(block, byte(len(name))), name...)
	}
	if len(value) >= 127 {
		panic("a header of 127 bytes or more: " + value)
	}
	return append(append(block, byte(len(value))), value...)
}

// call starts a stream with one message. `closed`: the client says nothing more on it.
func (c *connection) call(body []byte, closed bool) uint32 {
	c.lock.Lock()
	defer c.lock.Unlock()
	stream := c.next
	c.next += 2
	c.frame(frameHeaders, flagEndHeaders, stream, c.block)
	c.block = c.again
	var flags byte
	if closed {
		flags = flagEndStream
	}
	c.head(5+len(body), frameData, flags, stream)
	c.out.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))))
	c.out.Write(body)
	return stream
}

func (c *connection) flush() {
	c.lock.Lock()
	check(c.out.Flush())
	c.lock.Unlock()
}

func (c *connection) head(size int, kind, flags byte, stream uint32) {
	head := [9]byte{byte(size >> 16), byte(size >> 8), byte(size), kind, flags}
	binary.BigEndian.PutUint32(head[5:], stream)
	c.out.Write(head[:])
}

func (c *connection) frame(kind, flags byte, stream uint32, payload []byte) {
	c.head(len(payload), kind, flags, stream)
	c.out.Write(payload)
}

// read tells the receiver of all that arrives, until the connection ends.
func (c *connection) read(to receiver) {
	payload := make([]byte, 1<<14)
	for {
		var head [9]byte
		if _, err := io.ReadFull(c.in, head[:]); err != nil {
			return // at the end of the program; a receiver that still waits says so
		}
		size := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		_, err := io.ReadFull(c.in, payload[:size])
		check(err)
		c.take(to, head[3], head[4], binary.BigEndian.Uint32(head[5:])&0x7fffffff, payload[:size])
		if c.in.Buffered() < 9 {
			to.settled()
			c.flush()
		}
	}
}

func (c *connection) take(to receiver, kind, flags byte, stream uint32, payload []byte) {
	switch kind {
	case frameData:
		if flags&flagPadded != 0 {
			fail("padded data")
		}
		c.data(to, stream, payload)
	case frameSettings, framePing:
		if flags&flagAck == 0 {
			answer := payload
			if kind == frameSettings {
				answer = nil
			}
			c.lock.Lock()
			c.frame(kind, flagAck, 0, answer)
			c.lock.Unlock()
		}
	case frameAway:
		fail("the server sent GOAWAY: %q", payload[8:])
	case frameReset:
		fail("stream %d was reset with error %d", stream, binary.BigEndian.Uint32(payload))
	}
	if (kind == frameData || kind == frameHeaders) && flags&flagEndStream != 0 {
		delete(c.streams, stream)
		to.ended(stream)
	}
}

func (c *connection) data(to receiver, stream uint32, payload []byte) {
	one := c.streams[stream]
	if one == nil {
		one = &assembly{}
		c.streams[stream] = one
	}
	c.acknowledge(stream, one, uint32(len(payload)))
	if len(one.pending) > 0 {
		one.pending = append(one.pending, payload...)
		payload = one.pending
	}
	for len(payload) >= 5 {
		end := 5 + int(binary.BigEndian.Uint32(payload[1:]))
		if len(payload) < end {
			break
		}
		if payload[0] != 0 {
			fail("a compressed message")
		}
		to.message(stream, payload[5:end])
		payload = payload[end:]
	}
	one.pending = append(one.pending[:0], payload...)
}

func (c *connection) acknowledge(stream uint32, one *assembly, size uint32) {
	one.unacked += size
	c.unacked += size
	if one.unacked < streamWindow/2 && c.unacked < connectionWindow/2 {
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.frame(frameWindow, 0, stream, binary.BigEndian.AppendUint32(nil, one.unacked))
	c.frame(frameWindow, 0, 0, binary.BigEndian.AppendUint32(nil, c.unacked))
	one.unacked, c.unacked = 0, 0
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "lean: "+format+"\n", arguments...)
	os.Exit(1)
}
