package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// watching says how watches are opened and what their messages are, by the numbers of protobuf's fields.
type watching struct {
	target, method string
	request        []byte
	open           bool  // the client's side of the stream stays open
	ready          int   // the field that says that a watch is in place
	events         int   // the repeated field of events
	revision       []int // the path from an event to its revision
}

// seen is what one watcher has seen since its watch was in place.
type seen struct {
	ready             bool
	count, sum, first uint64
	last              uint64
}

// tally counts what all watchers have seen, and says when they have seen all.
type tally struct {
	ready, total, goal, messages, bytes atomic.Int64
	latest                              atomic.Int64 // when the newest arrived, in ns
	reached                             chan struct{}
}

func (t *tally) add(events, messages, size int64) {
	now := time.Now().UnixNano()
	t.latest.Store(now)
	t.messages.Add(messages)
	t.bytes.Add(size)
	t.signal(t.total.Add(events))
}

func (t *tally) signal(total int64) {
	if total == t.goal.Load() {
		select {
		case t.reached <- struct{}{}:
		default:
		}
	}
}

// await returns when all watchers together have seen so many events: when the last of them arrived.
func (t *tally) await(goal int64, what string) time.Time {
	t.goal.Store(goal)
	t.signal(t.total.Load())
	deadline := time.After(60 * time.Second)
	for t.total.Load() < goal {
		select {
		case <-t.reached:
		case <-deadline:
			fail("%s: %d events of %d after a minute", what, t.total.Load(), goal)
		}
	}
	return time.Unix(0, t.latest.Load())
}

// watchers are the watches on one connection.
type watchers struct {
	watching   *watching
	connection *connection
	seen       []seen // by stream / 2
	tally      *tally
	events     int64 // not yet in the tally, as the two below
	messages   int64
	bytes      int64
}

func (w *watchers) message(stream uint32, body []byte) {
	one := &w.seen[stream>>1]
	w.messages++
	w.bytes += int64(len(body))
	wasReady := one.ready
	for rest := body; len(rest) > 0; {
		number, value, event, after, ok := field(rest)
		if !ok {
			fail("what arrived is no protobuf")
		}
		if number == w.watching.events && wasReady {
			w.event(one, numberAt(event, w.watching.revision))
		}
		if number == w.watching.ready && value == 1 && !one.ready {
			one.ready = true
			w.tally.ready.Add(1)
		}
		rest = after
	}
}

func (w *watchers) event(one *seen, revision uint64) {
	if revision <= one.last {
		fail("revision %d came after %d", revision, one.last)
	}
	if one.count == 0 {
		one.first = revision
	}
	one.last = revision
	one.count++
	one.sum += revision
	w.events++
}

func (w *watchers) ended(stream uint32) { fail("the server ended watch %d", stream) }

func (w *watchers) settled() {
	if w.events > 0 {
		w.tally.add(w.events, w.messages, w.bytes)
	}
	w.events, w.messages, w.bytes = 0, 0, 0
}

// openWatchers opens so many watches, some on each connection, and returns when all are in place.
func openWatchers(how *watching, count, each int, counted *tally) []*watchers {
	goal := counted.ready.Load() + int64(count)
	var all []*watchers
	for left := count; left > 0; left -= each {
		some := left
		if some > each {
			some = each
		}
		one := &watchers{watching: how, connection: dial(how.target, how.method), seen: make([]seen, some), tally: counted}
		go one.connection.read(one)
		for index := 0; index < some; index++ {
			one.connection.call(how.request, !how.open)
		}
		one.connection.flush()
		all = append(all, one)
	}
	for end := time.Now().Add(60 * time.Second); counted.ready.Load() < goal; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			fail("%d watches of %d are in place after a minute", counted.ready.Load(), goal)
		}
	}
	return all
}

// same returns what every watcher has seen, or fails where two have not seen the same.
func same(all []*watchers) seen {
	what := all[0].seen[0]
	for _, some := range all {
		for _, one := range some.seen {
			if one != what {
				fail("one watcher has seen %s, another %s", fmt.Sprint(what), fmt.Sprint(one))
			}
		}
	}
	return what
}
