package main

import (
	"fmt"
	"sync/atomic"
	"time"
)

// churn: one message is one segment. On each of several channels a message is published when the one before it has been acknowledged
// and read; a reader waits for it already. It counts the 470 answers to the segment after the one just read.
func churn(args []string) error {
	flags, o := flagsOf("churn", bytesMime)
	channels := flags.Int("channels", 8, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	var turning atomic.Bool
	turning.Store(true)
	all := make([]*turn, *channels)
	for n := range all {
		mine := *o
		mine.channel = fmt.Sprintf("%s-%d", o.channel, n)
		if all[n], err = newTurn(l, mine, &turning); err != nil {
			return err
		}
	}
	before, err := cpuOf(o.pid)
	if err != nil {
		return err
	}
	began := now()
	for _, each := range all {
		if err := each.publish(); err != nil {
			return err
		}
	}
	select {
	case err := <-l.fails:
		return err
	case <-time.After(time.Duration(o.seconds * float64(time.Second))):
	}
	turning.Store(false)
	took := float64(now()-began) / 1e9
	after, err := cpuOf(o.pid)
	messages, refused, stuck := int64(0), int64(0), 0
	for _, each := range all {
		messages += each.done.Load()
		refused += each.reader.refused
		if each.done.Load() == 0 {
			stuck++
		}
	}
	say(map[string]any{"perSecond": float64(messages) / took, "cpu": float64(after-before) / float64(max(messages, 1)), "refused": refused, "stuck": stuck})
	return err
}

// turn is one channel: publish, acknowledged and read, publish.
type turn struct {
	o       options
	post    *conn
	reader  *trickleReader
	body    []byte
	seq     int
	arrived int // of two: the acknowledgement and the message
	done    atomic.Int64
	turning *atomic.Bool
}

func newTurn(l *loop, o options, turning *atomic.Bool) (*turn, error) {
	t := &turn{o: o, turning: turning}
	var err error
	if t.body, err = newRecord(o.size); err != nil {
		return nil, err
	}
	if err := createChannel(l, o, o.channel); err != nil {
		return nil, err
	}
	if t.post, err = l.dial(o.address, answers200("a POST", t.half).data); err != nil {
		return nil, err
	}
	t.reader, err = newTrickleReader(l, o, func([]byte) {}, func(int) error { return t.half() })
	return t, err
}

func (t *turn) half() error {
	if t.arrived++; t.arrived < 2 {
		return nil
	}
	t.arrived = 0
	t.seq++
	t.done.Add(1)
	if !t.turning.Load() {
		return nil
	}
	return t.publish()
}

func (t *turn) publish() error {
	head := fmt.Sprintf("POST %s%s/%d HTTP/1.1\r\nHost: load\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", t.o.path, t.o.channel, t.seq, t.o.mime, len(t.body))
	return t.post.write(append([]byte(head), t.body...))
}
