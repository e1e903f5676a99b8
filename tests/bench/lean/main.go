// Command lean is the client of the benchmarks of calls, watches and connections: so lean that the server, or the kernel, is what
// is measured. It speaks HTTP/2 by itself, and knows messages only by the numbers of their fields, so that it serves Buoy, a bare
// server and etcd alike.
//
//	lean calls  ...   unary calls, so many in flight: requests from standard input, one a line, in hexadecimal
//	lean fanout ...   watchers, and changes from standard input, one at a time and then as many as the server takes
//	lean hold   ...   watchers that stay: as many more as each line of standard input says, answered by "ready"
//	lean connect ...  new TCP connections, by several ways in turns
//
// It writes what it has measured as JSON.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

var (
	target      = flag.String("target", "", "HOST:PORT")
	method      = flag.String("method", "", "the RPC of the calls, or of the changes that are watched")
	inFlight    = flag.Int("in-flight", 64, "calls at a time")
	connections = flag.Int("connections", 4, "connections that share them")
	seconds     = flag.Float64("seconds", 0, "how long to call, with the requests in turns; 0: each request once")

	watch    = flag.String("watch", "", "the RPC of a watch")
	request  = flag.String("request", "", "its request, in hexadecimal")
	open     = flag.Bool("open", false, "the client's side of a watch stays open")
	ready    = flag.Int("ready", 0, "the field of its messages that says that it is in place")
	events   = flag.Int("events", 0, "the repeated field of its messages with events")
	revision = flag.String("revision", "", "the path of fields from an event to its revision, such as 2.3")
	count    = flag.Int("watchers", 0, "how many watches")
	each     = flag.Int("each", 100, "how many of them on one connection")
	isolated = flag.Int("isolated", 0, "how many changes one at a time")
	gap      = flag.Duration("gap", 50*time.Millisecond, "about how long between two of them")

	ways   = flag.String("ways", "", "FIRST/COUNT,...: how many addresses, from which on")
	port   = flag.Int("port", 0, "the port to connect to")
	rounds = flag.Int("rounds", 1, "how often each way has its turn")
	moment = flag.Duration("moment", 50*time.Millisecond, "how long a turn is")
)

func main() {
	if len(os.Args) < 2 {
		fail("calls, fanout, hold or connect?")
	}
	check(flag.CommandLine.Parse(os.Args[2:]))
	switch os.Args[1] {
	case "calls":
		requests := readRequests()
		next := once(requests)
		if *seconds > 0 {
			next = until(time.Now().Add(duration(*seconds)), requests)
		}
		report(callAll(*target, *method, next, *connections, *inFlight))
	case "fanout":
		report(fanOut(watchingAsked(), fanOutPlan{
			watchers: *count, each: *each, writeMethod: *method, writes: readRequests(), isolated: *isolated,
			inFlight: *inFlight, gap: *gap, saturated: duration(*seconds),
		}))
	case "connect":
		report(connectAll(readWays(*ways), uint16(*port), *rounds, *moment))
	case "hold":
		hold(watchingAsked())
	default:
		fail("calls, fanout, hold or connect, not %s", os.Args[1])
	}
}

func hold(how *watching) {
	counted := &tally{}
	var kept []*watchers
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		more, err := strconv.Atoi(lines.Text())
		check(err)
		kept = append(kept, openWatchers(how, more, *each, counted)...)
		fmt.Println("ready")
	}
}

func watchingAsked() *watching {
	body, err := hex.DecodeString(*request)
	check(err)
	how := &watching{target: *target, method: *watch, request: body, open: *open, ready: *ready, events: *events}
	for _, part := range strings.Split(*revision, ".") {
		number, err := strconv.Atoi(part)
		check(err)
		how.revision = append(how.revision, number)
	}
	return how
}

func readRequests() (requests [][]byte) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		body, err := hex.DecodeString(lines.Text())
		check(err)
		requests = append(requests, body)
	}
	return requests
}

func report(what any) {
	check(json.NewEncoder(os.Stdout).Encode(what))
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// percentile returns milliseconds.
func percentile(took []time.Duration, percent int) float64 {
	if len(took) == 0 {
		return 0
	}
	sort.Slice(took, func(one, other int) bool { return took[one] < took[other] })
	return float64(took[(len(took)-1)*percent/100].Microseconds()) / 1000
}
