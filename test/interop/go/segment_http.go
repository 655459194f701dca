package main

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

const continueEvery = 10 * time.Second

type piece struct {
	data []byte
	err  error
}

// publish appends the request's body to a segment as it comes.
func (c *channel) publish(w http.ResponseWriter, r *http.Request, asked int) {
	s := c.forWrite(asked, r.Header.Get(headerReset) != "")
	w.Header().Set(headerSeq, strconv.Itoa(s.seq))
	if _, closed, lost, _ := s.from(0); closed {
		c.answerEarly(w, s, lost)
		return
	}
	body := make(chan piece)
	go readBody(r, body)

	first, ok := c.firstPiece(w, s, body)
	if !ok {
		http.NewResponseController(w).SetReadDeadline(time.Now())
		return
	}
	wrote := 0
	for p := first; ; p = <-body {
		if len(p.data) > 0 {
			if wrote == 0 {
				c.wrote(s.seq)
			}
			wrote += len(p.data)
			s.write(p.data)
		}
		if p.err == io.EOF {
			break
		}
		if p.err != nil {
			// The segment stays open: a new POST of it goes on where this one broke.
			http.Error(w, "Server error", http.StatusInternalServerError)
			return
		}
	}
	if wrote == 0 {
		c.wrote(s.seq)
		w.Header().Set("Connection", "close")
	}
	s.close()
}

// answerEarly ends a POST whose segment is over before it began. The head follows it, also backwards.
func (c *channel) answerEarly(w http.ResponseWriter, s *segment, lost bool) {
	c.wrote(s.seq)
	w.Header().Set("Connection", "close")
	if lost {
		w.Header().Set(headerClosed, "terminated")
	}
	w.WriteHeader(http.StatusOK)
}

// firstPiece waits for the first byte or the body's end, with a 100 Continue every ten seconds; not ok when the segment ended under it.
func (c *channel) firstPiece(w http.ResponseWriter, s *segment, body <-chan piece) (piece, bool) {
	ticks := time.NewTicker(continueEvery)
	defer ticks.Stop()
	for {
		_, closed, lost, changed := s.from(0)
		if closed {
			c.answerEarly(w, s, lost)
			return piece{}, false
		}
		select {
		case p := <-body:
			return p, true
		case <-ticks.C:
			w.WriteHeader(http.StatusContinue)
		case <-changed:
		}
	}
}

func readBody(r *http.Request, body chan<- piece) {
	for {
		data := make([]byte, 32*1024)
		n, err := r.Body.Read(data)
		select {
		case body <- piece{data[:n], err}:
		case <-r.Context().Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// subscribe answers nothing at all before the segment's first byte or its end.
func (c *channel) subscribe(w http.ResponseWriter, r *http.Request, asked int) {
	s, seq, head := c.forRead(asked)
	if s == nil {
		w.Header().Set(headerLatest, strconv.Itoa(head))
		w.Header().Set(headerSeq, r.PathValue("seq"))
		// Unlike the other errors it has neither an LF nor X-Content-Type-Options.
		w.WriteHeader(statusNoSegment)
		io.WriteString(w, "Entry not found")
		return
	}
	w.Header().Set(headerSeq, strconv.Itoa(seq))
	for sent := 0; ; {
		data, closed, lost, changed := s.from(sent)
		if len(data) > 0 {
			if sent == 0 {
				w.Header().Set("Content-Type", c.mime)
				if head != seq {
					w.Header().Set(headerLatest, strconv.Itoa(head))
				}
			}
			if _, err := w.Write(data); err != nil {
				return
			}
			sent += len(data)
			http.NewResponseController(w).Flush()
			continue
		}
		if closed {
			c.endEmpty(w, sent, lost)
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

func (c *channel) endEmpty(w http.ResponseWriter, sent int, lost bool) {
	if sent > 0 {
		return
	}
	w.Header().Set(headerLatest, strconv.Itoa(c.latest()))
	w.Header().Set("Content-Length", "0")
	if lost {
		w.Header().Set(headerClosed, "terminated")
	}
	w.WriteHeader(http.StatusOK)
}
