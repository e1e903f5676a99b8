package main

import (
	"encoding/binary"
	"math/rand"
	"net/netip"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// way is so many addresses, from the first on, to connect to at random.
type way struct {
	first, count uint32
}

func readWays(listed string) (ways []way) {
	for _, each := range strings.Split(listed, ",") {
		first, count, _ := strings.Cut(each, "/")
		address, err := netip.ParseAddr(first)
		check(err)
		number, err := strconv.ParseUint(count, 10, 32)
		check(err)
		bytes := address.As4()
		ways = append(ways, way{binary.BigEndian.Uint32(bytes[:]), uint32(number)})
	}
	return ways
}

// connectAll connects to each address once, then by each way in turns, for a moment each, to addresses at random. It returns each
// round's connections a second by way.
func connectAll(ways []way, port uint16, rounds int, moment time.Duration) (rates [][]float64) {
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	client := newConnector(port)
	for _, one := range ways {
		for place := uint32(0); place < one.count; place++ {
			client.meet(one.first + place)
		}
	}
	for range make([]struct{}, rounds) {
		round := make([]float64, len(ways))
		for index, one := range ways {
			round[index] = client.rate(one, moment)
		}
		rates = append(rates, round)
	}
	return rates
}

// connector is one socket, which connects and resets again and again: that is two system calls, and no socket to make.
type connector struct {
	socket      int
	chance      *rand.Rand
	to, nowhere syscall.RawSockaddrInet4 // to nowhere (AF_UNSPEC) ends the connection with a reset
}

func newConnector(port uint16) *connector {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	check(err)
	check(syscall.SetsockoptTimeval(socket, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &syscall.Timeval{Sec: 5}))
	one := &connector{socket: socket, chance: rand.New(rand.NewSource(5))}
	one.to.Family = syscall.AF_INET
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&one.to.Port))[:], port)
	return one
}

func (c *connector) rate(by way, moment time.Duration) float64 {
	const some = 16
	began, took := time.Now(), time.Duration(0)
	for count := some; ; count += some {
		for range make([]struct{}, some) {
			c.meet(by.first + uint32(c.chance.Int63n(int64(by.count))))
		}
		if took = time.Since(began); took > moment {
			return float64(count) / took.Seconds()
		}
	}
}

func (c *connector) meet(address uint32) {
	binary.BigEndian.PutUint32(c.to.Addr[:], address)
	c.connect(&c.to)
	c.connect(&c.nowhere)
}

func (c *connector) connect(to *syscall.RawSockaddrInet4) {
	number := syscall.EINTR // Go's own signals come in between; to connect again is to wait on
	for number == syscall.EINTR {
		_, _, number = syscall.RawSyscall(syscall.SYS_CONNECT, uintptr(c.socket), uintptr(unsafe.Pointer(to)), unsafe.Sizeof(*to))
	}
	if number != 0 {
		fail("connecting to %s: %s", netip.AddrFrom4(to.Addr), number)
	}
}
