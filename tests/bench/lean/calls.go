package main

import (
	"sync"
	"time"
)

// caller makes unary calls on one connection, so many at a time, each as soon as one was answered.
type caller struct {
	connection *connection
	next       func() []byte // the next request; nil: there are no more
	began      map[uint32]time.Time
	answered   map[uint32]bool
	took       []time.Duration
	failed     int
	done       sync.WaitGroup
}

func newCaller(target, method string, next func() []byte) *caller {
	one := &caller{connection: dial(target, method), next: next, began: map[uint32]time.Time{}, answered: map[uint32]bool{}}
	return one
}

// start makes the first calls; done is done when the last was answered.
func (c *caller) start(inFlight int) {
	c.done.Add(1)
	for range make([]struct{}, inFlight) {
		c.ask()
	}
	if len(c.began) == 0 {
		c.done.Done()
		return
	}
	c.connection.flush()
}

func (c *caller) ask() {
	if request := c.next(); request != nil {
		began := time.Now()
		c.began[c.connection.call(request, true)] = began
	}
}

func (c *caller) message(stream uint32, _ []byte) { c.answered[stream] = true }

func (c *caller) ended(stream uint32) {
	if c.answered[stream] { // a refusal has no message
		c.took = append(c.took, time.Since(c.began[stream]))
	} else {
		c.failed++
	}
	delete(c.answered, stream)
	delete(c.began, stream)
	c.ask()
	if len(c.began) == 0 {
		c.done.Done()
	}
}

func (c *caller) settled() {}

// until hands out requests in turns, until a moment.
func until(end time.Time, requests [][]byte) func() []byte {
	var lock sync.Mutex
	turn := 0
	return func() []byte {
		lock.Lock()
		defer lock.Unlock()
		if !time.Now().Before(end) {
			return nil
		}
		turn++
		return requests[turn%len(requests)]
	}
}

// once hands out each request one time.
func once(requests [][]byte) func() []byte {
	var lock sync.Mutex
	turn := 0
	return func() []byte {
		lock.Lock()
		defer lock.Unlock()
		if turn == len(requests) {
			return nil
		}
		turn++
		return requests[turn-1]
	}
}

type callsReport struct {
	Answered, Failed int
	Seconds          float64 // from the first call to the last answer
	P50, P99         float64 // ms from a call to its answer
}

// callAll shares the calls among connections, and returns when all were answered.
func callAll(target, method string, next func() []byte, connections, inFlight int) callsReport {
	callers := make([]*caller, connections)
	for index := range callers {
		callers[index] = newCaller(target, method, next)
	}
	began := time.Now()
	for _, one := range callers {
		one.start((inFlight + connections - 1) / connections)
		go one.connection.read(one)
	}
	var report callsReport
	var took []time.Duration
	for _, one := range callers {
		one.done.Wait()
		report.Failed += one.failed
		took = append(took, one.took...)
	}
	report.Seconds = time.Since(began).Seconds()
	report.Answered = len(took)
	report.P50, report.P99 = percentile(took, 50), percentile(took, 99)
	for _, one := range callers {
		one.connection.socket.Close()
	}
	return report
}
