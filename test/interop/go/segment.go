package main

import "sync"

// segment is one run of bytes that any number of readers share. changed is closed and replaced whenever there is something new.
type segment struct {
	seq     int
	mu      sync.Mutex
	data    []byte
	closed  bool
	lost    bool // its channel is gone
	changed chan struct{}
}

func newSegment(seq int) *segment { return &segment{seq: seq, changed: make(chan struct{})} }

func (s *segment) write(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = append(s.data, data...)
	s.wake()
}

func (s *segment) close() { s.end(false) }

func (s *segment) end(lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed, s.lost = true, lost
	s.wake()
}

func (s *segment) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// from gives the bytes from offset on, whether no more will come, and what to wait on.
func (s *segment) from(offset int) (data []byte, closed, lost bool, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[offset:], s.closed, s.lost, s.changed
}
