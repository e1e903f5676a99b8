package main

import (
	"math/rand"
	"time"
)

type fanOutReport struct {
	Alone        float64 // ms of a change without watchers, p50
	Isolated     float64 // ms from asking for a change until the last watcher has it, p50
	IsolatedP99  float64
	Delivered    int64   // events to all watchers together while the writers ran
	Seconds      float64 // from the first change until the last watcher had the last one
	Changes      int
	WriteSeconds float64 // from the first change to the last answer
	EventBytes   float64 // of an event with its share of the message
	Joined       float64 // events in a message
}

type fanOutPlan struct {
	watchers, each     int // each: on one connection
	writeMethod        string
	writes             [][]byte
	isolated, inFlight int
	gap, saturated     time.Duration
}

// fanOut measures one change at a time, without and with watchers, and then as many as the server takes.
func fanOut(how *watching, plan fanOutPlan) fanOutReport {
	writer := newSingle(how.target, plan.writeMethod, plan.writes)
	report := fanOutReport{Alone: percentile(writer.alone(plan), 50)}
	counted := &tally{reached: make(chan struct{}, 1)}
	all := openWatchers(how, plan.watchers, plan.each, counted)
	time.Sleep(time.Second) // what opening them left to do in the server is over
	isolated := writer.watched(plan, counted)
	report.Isolated, report.IsolatedP99 = percentile(isolated, 50), percentile(isolated, 99)

	before, messages, size, began := counted.total.Load(), counted.messages.Load(), counted.bytes.Load(), time.Now()
	written := callAll(how.target, plan.writeMethod, until(began.Add(plan.saturated), plan.writes), 2, plan.inFlight)
	if written.Failed > 0 {
		fail("%d changes were refused", written.Failed)
	}
	report.Changes, report.WriteSeconds = written.Answered, written.Seconds
	report.Delivered = int64(plan.watchers) * int64(written.Answered)
	last := counted.await(before+report.Delivered, "while the writers ran")
	report.Seconds = last.Sub(began).Seconds()
	report.EventBytes = float64(counted.bytes.Load()-size) / float64(report.Delivered)
	report.Joined = float64(report.Delivered) / float64(counted.messages.Load()-messages)

	time.Sleep(200 * time.Millisecond) // one event too many would be there by then
	if what := same(all); what.count != uint64(plan.isolated+written.Answered) {
		fail("each watcher has seen %d events of %d", what.count, plan.isolated+written.Answered)
	}
	return report
}

// single makes one change at a time.
type single struct {
	connection *connection
	writes     [][]byte
	turn       int
	answers    chan bool
	answered   bool
}

func newSingle(target, method string, writes [][]byte) *single {
	one := &single{connection: dial(target, method), writes: writes, answers: make(chan bool, 1)}
	go one.connection.read(one)
	return one
}

func (s *single) message(uint32, []byte) { s.answered = true }

func (s *single) ended(uint32) {
	s.answers <- s.answered
	s.answered = false
}

func (s *single) settled() {}

func (s *single) write() {
	s.turn++
	s.connection.call(s.writes[s.turn%len(s.writes)], true)
	s.connection.flush()
}

func (s *single) answer() {
	if !<-s.answers {
		fail("a change was refused")
	}
}

// alone times changes that nobody watches.
func (s *single) alone(plan fanOutPlan) (took []time.Duration) {
	for range make([]struct{}, plan.isolated) {
		pause(plan.gap)
		began := time.Now()
		s.write()
		s.answer()
		took = append(took, time.Since(began))
	}
	return took
}

// watched times changes until the last watcher has each.
func (s *single) watched(plan fanOutPlan, counted *tally) (took []time.Duration) {
	for range make([]struct{}, plan.isolated) {
		pause(plan.gap)
		goal := counted.total.Load() + int64(plan.watchers)
		counted.goal.Store(goal)
		began := time.Now()
		s.write()
		took = append(took, counted.await(goal, "a single change").Sub(began))
		s.answer()
	}
	return took
}

// pause lasts a while, not always the same: nothing that recurs in a server shall meet every change.
func pause(gap time.Duration) {
	time.Sleep(gap/2 + time.Duration(rand.Int63n(int64(gap))))
}
