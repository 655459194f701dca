package main

import (
	"bytes"
	"fmt"
	"time"
)

// Every event is a line of JSON of the same size that carries the time at which it was written, so that a reader finds the times without
// looking at every byte.
const (
	stampAt  = len(`{"t":"`)
	stampLen = 16
	smallest = stampAt + stampLen + len(`","x":""}`+"\n")
)

const hexDigits = "0123456789abcdef"

var started = time.Now()

func now() int64 { return int64(time.Since(started)) }

func newRecord(size int) ([]byte, error) {
	if size < smallest {
		return nil, fmt.Errorf("an event has at least %d bytes", smallest)
	}
	record := bytes.Repeat([]byte("x"), size)
	copy(record, `{"t":"0000000000000000","x":"`)
	copy(record[size-3:], "\"}\n")
	return record, nil
}

// stamp writes the time into the record that begins at `at`.
func stamp(wire []byte, at int, time int64) {
	for n := stampLen - 1; n >= 0; n-- {
		wire[at+stampAt+n] = hexDigits[time&15]
		time >>= 4
	}
}

func stampOf(record []byte) (time int64) {
	for _, digit := range record[stampAt : stampAt+stampLen] {
		value := digit - '0'
		if value > 9 {
			value = digit - 'a' + 10
		}
		time = time<<4 | int64(value)
	}
	return time
}

// counter counts what one reader receives, and notes how old each event is. One thread writes to it.
type counter struct {
	size   int // of a record as it is received
	skip   int // bytes before the record in it
	held   []byte
	events int64
	ages   *histogram // nil: not measured
}

func (c *counter) add(in []byte) {
	arrived := int64(0)
	if c.ages != nil {
		arrived = now()
	}
	for len(in) > 0 {
		if len(c.held) == 0 && len(in) >= c.size {
			if c.ages == nil {
				c.events += int64(len(in) / c.size)
				in = in[len(in)/c.size*c.size:]
				continue
			}
			c.note(in[:c.size], arrived)
			in = in[c.size:]
			continue
		}
		n := min(c.size-len(c.held), len(in))
		c.held = append(c.held, in[:n]...)
		in = in[n:]
		if len(c.held) == c.size {
			c.note(c.held, arrived)
			c.held = c.held[:0]
		}
	}
}

func (c *counter) note(record []byte, arrived int64) {
	c.events++
	if c.ages != nil {
		c.ages.add(arrived - stampOf(record[c.skip:]))
	}
}
