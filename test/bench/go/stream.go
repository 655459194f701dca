package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// publisher is one protocol's way of publishing.
type publisher interface {
	// wire gives the bytes that publish the payload once.
	wire(payload []byte) []byte
	// publish sends wire, which holds so many events.
	publish(wire []byte, events int) error
	close() error
}

type protocol struct {
	publisher func(*loop, options) (publisher, error)
	// reader subscribes, and returns once nothing published later can be missed.
	reader func(l *loop, o options, count func([]byte)) error
	// What is received around each event, beside its own bytes.
	before, after int
}

var protocols = map[string]protocol{
	"trickle": {publisher: newTricklePublisher, reader: readTrickle},
	"tcp":     {publisher: newTcpPublisher, reader: readTcp},
	"sse":     {publisher: newSsePublisher, reader: readSse, before: len("data: "), after: 1},

	"nats":          {publisher: newNatsPublisher, reader: readNats},
	"jetstream":     {publisher: newJetstreamPublisher, reader: readJetstream},
	"redis-pubsub":  {publisher: newRedisPubSub, reader: readRedisPubSub},
	"redis-streams": {publisher: newRedisStream, reader: readRedisStream},
}

func readTrickle(l *loop, o options, count func([]byte)) error {
	_, err := newTrickleReader(l, o, count, func(int) error { return nil })
	return err
}

// stream: one publisher, many readers, one channel. With --rate events are written one by one and their age is measured; without it as
// fast as they are taken, and no further than 16 MiB ahead of the readers.
func stream(args []string) error {
	flags, o := flagsOf("stream", jsonlMime)
	rate := flags.Int("rate", 0, "events a second, 0: full speed")
	warmup := flags.Float64("warmup", 0, "seconds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	r := &run{o: *o, loop: l, protocol: protocols[o.protocol], rate: *rate}
	if r.protocol.publisher == nil {
		return fmt.Errorf("no protocol %q", o.protocol)
	}
	failed := make(chan error, 1)
	go func() { failed <- r.measure(*warmup, o.seconds) }()
	select {
	case err = <-failed:
	case err = <-l.fails:
	}
	return err
}

type run struct {
	o         options
	loop      *loop
	protocol  protocol
	rate      int
	publisher publisher
	sent      int64
	received  atomic.Int64
	measuring atomic.Bool
	ages      histogram
}

func (r *run) measure(warmup, seconds float64) error {
	var err error
	if r.publisher, err = r.protocol.publisher(r.loop, r.o); err != nil {
		return err
	}
	for range r.o.readers {
		if err := r.protocol.reader(r.loop, r.o, r.count()); err != nil {
			return err
		}
	}
	time.Sleep(200 * time.Millisecond) // Those who cannot tell when they are connected are by now.
	if err := r.publish(warmup); err != nil {
		return err
	}
	r.measuring.Store(true)
	before, err := r.take()
	if err != nil {
		return err
	}
	if err := r.publish(seconds); err != nil {
		return err
	}
	after, err := r.take()
	r.measuring.Store(false)
	if err != nil {
		return err
	}
	lost := r.drain()
	took := float64(after.at-before.at) / 1e9
	deliveries := float64(max(after.received-before.received, 1))
	say(map[string]any{
		"events": after.sent - before.sent, "seconds": took, "perSecond": deliveries / took, "lost": lost,
		"p50": r.ages.at(0.5), "p99": r.ages.at(0.99), "cpu": float64(after.cpu - before.cpu),
		"cpuPerDelivery": float64(after.cpu-before.cpu) / deliveries, "busy": float64(after.own-before.own) / 1e6 / took,
	})
	return r.publisher.close()
}

// count gives one reader's way of counting.
func (r *run) count() func([]byte) {
	c := &counter{size: r.protocol.before + r.o.size + r.protocol.after, skip: r.protocol.before}
	return func(in []byte) {
		c.ages = nil
		if r.rate > 0 && r.measuring.Load() {
			c.ages = &r.ages
		}
		before := c.events
		c.add(in)
		r.received.Add(c.events - before)
	}
}

type moment struct{ at, sent, received, cpu, own int64 }

func (r *run) take() (moment, error) {
	cpu, err := cpuOf(r.o.pid)
	if err != nil {
		return moment{}, err
	}
	own, err := cpuOf(os.Getpid())
	return moment{now(), r.sent, r.received.Load(), cpu, own}, err
}

const (
	batchBytes = 64 << 10
	aheadBytes = 16 << 20
)

func (r *run) publish(seconds float64) error {
	record, err := newRecord(r.o.size)
	if err != nil {
		return err
	}
	wire := r.publisher.wire(bytes.Repeat(record, r.o.lines))
	until := now() + int64(seconds*1e9)
	if r.rate > 0 {
		return r.paced(wire, bytes.Index(wire, record), until)
	}
	copies := max(1, batchBytes/len(wire))
	wire = bytes.Repeat(wire, copies)
	for now() < until {
		near := func() bool {
			return (r.sent-r.received.Load()/int64(r.o.readers))*int64(r.o.size) <= aheadBytes
		}
		if err := until10s(near); err != nil {
			return err
		}
		if err := r.publisher.publish(wire, copies*r.o.lines); err != nil {
			return err
		}
		r.sent += int64(copies * r.o.lines)
	}
	return nil
}

func (r *run) paced(wire []byte, at int, until int64) error {
	next := now()
	for interval := int64(time.Second) / int64(r.rate); next < until; next += interval {
		if wait := next - now(); wait > 0 {
			pause(time.Duration(wait))
		}
		stamp(wire, at, now())
		if err := r.publisher.publish(wire, r.o.lines); err != nil {
			return err
		}
		r.sent++
	}
	return nil
}

// drain waits until everything has arrived, and says how many events have not. Whoever is seconds behind a steady rate is not waited for.
func (r *run) drain() int64 {
	sent := r.sent * int64(r.o.readers)
	patience := int64(10e9)
	if r.rate > 0 {
		patience = 3e9
	}
	for end := now() + patience; r.received.Load() < sent && now() < end; {
		pause(time.Millisecond)
	}
	return sent - r.received.Load()
}

// until10s waits until it is so, and gives up after 10 s.
func until10s(so func() bool) error {
	for end := now() + 10e9; !so(); pause(50 * time.Microsecond) {
		if now() > end {
			return errors.New("nothing has come for 10 s")
		}
	}
	return nil
}

// pause sleeps in the kernel: Go's own timers are later.
func pause(d time.Duration) {
	spec := syscall.NsecToTimespec(int64(d))
	syscall.Nanosleep(&spec, nil)
}
