package main

import (
	"net/http"
	"sync"
	"time"
)

const slots = 5

// channel keeps the newest segments in five slots, seq mod 5. Its head is the last written seq + 1: assigned, so that it can go back.
type channel struct {
	mime    string
	mu      sync.Mutex
	kept    [slots]*segment
	head    int
	touched time.Time
	closed  bool
}

func (c *channel) latest() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head
}

func (c *channel) idleFor() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.touched)
}

func (c *channel) wrote(seq int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head = seq + 1
	c.touched = time.Now()
}

// forWrite gives the segment a POST writes to. It takes the slot from whatever other segment is there, a newer one too.
func (c *channel) forWrite(seq int, reset bool) *segment {
	c.mu.Lock()
	defer c.mu.Unlock()
	if seq == startNext {
		seq = c.head
	}
	if seq < 0 {
		panic(http.ErrAbortHandler)
	}
	if reset {
		for _, s := range c.kept {
			if s != nil && s.seq < seq {
				s.close()
			}
		}
	}
	s := c.kept[seq%slots]
	if s != nil && s.seq == seq {
		return s
	}
	if s != nil {
		s.close()
	}
	s = newSegment(seq)
	if c.closed {
		s.end(true)
	}
	c.kept[seq%slots] = s
	return s
}

// forRead gives the segment a GET is answered from, or nil; the seq that was meant; and the head.
func (c *channel) forRead(seq int) (*segment, int, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case seq == startNext:
		seq = c.head
	case seq == startCurrent:
		seq = max(c.head-1, 0)
	case seq < 0:
		panic(http.ErrAbortHandler)
	}
	if s := c.kept[seq%slots]; s != nil && s.seq == seq {
		return s, seq, c.head
	}
	if c.closed || (seq != c.head && !(seq == 1 && c.head == 0)) {
		return nil, seq, c.head
	}
	// The slot's occupant is forgotten without being closed: whoever waits on it waits for ever.
	c.kept[seq%slots] = newSegment(seq)
	return c.kept[seq%slots], seq, c.head
}

func (c *channel) closeSegment(seq int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if seq < 0 {
		panic(http.ErrAbortHandler)
	}
	s := c.kept[seq%slots]
	if s == nil || s.seq != seq {
		return false
	}
	s.close()
	return true
}

func (c *channel) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, s := range c.kept {
		if s != nil {
			s.end(true)
		}
	}
}

// append writes one whole segment from inside the server.
func (c *channel) append(data []byte) {
	s := c.forWrite(startNext, false)
	s.write(data)
	c.wrote(s.seq)
	s.close()
}
