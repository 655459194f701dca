package main

import (
	"errors"
	"time"
)

const (
	retryPause = 250 * time.Millisecond
	retries    = 40
)

// writeSegment writes one segment and waits for its answer. Where nothing of it went out it is tried again, for ten seconds.
func (p *publisher) writeSegment(index uint32, pieces []int, pause time.Duration) {
	size := 0
	for _, piece := range pieces {
		size += piece
	}
	data := content(index, size)
	opened := p.take()
	for attempt := 0; ; attempt++ {
		sent, err := send(opened, data, pieces, pause)
		if err == nil {
			acked(index, index, opened.seq)
			return
		}
		if sent > 0 || attempt == retries || err == errEnded || err == errNotFound {
			failed(index, index, err)
			return
		}
		time.Sleep(retryPause)
		opened = p.again(opened.seq)
	}
}

func send(opened *post, data []byte, pieces []int, pause time.Duration) (sent int, err error) {
	for n, piece := range pieces {
		if n > 0 {
			time.Sleep(pause)
		}
		written, err := opened.body.Write(data[sent : sent+piece])
		sent += written
		if err != nil {
			break
		}
	}
	opened.body.Close()
	return sent, <-opened.ended
}

// lineWriter appends lines to one segment until it is old enough.
type lineWriter struct {
	publisher *publisher
	roll      time.Duration
	opened    *post
	since     time.Time
	from, to  uint32
}

func (w *lineWriter) write(index uint32, text string) {
	if w.opened != nil && time.Since(w.since) > w.roll {
		w.finish()
	}
	if w.opened != nil {
		w.to = index
		if _, err := w.opened.body.Write([]byte(text + "\n")); err != nil {
			w.finish()
		}
		return
	}
	opened := w.publisher.take()
	for attempt := 0; ; attempt++ {
		sent, err := opened.body.Write([]byte(text + "\n"))
		if err == nil {
			w.opened, w.since, w.from, w.to = opened, time.Now(), index, index
			return
		}
		if sent > 0 || attempt == retries || errors.Is(err, errEnded) || errors.Is(err, errNotFound) {
			failed(index, index, err)
			return
		}
		time.Sleep(retryPause)
		opened = w.publisher.again(opened.seq)
	}
}

func (w *lineWriter) finish() {
	if w.opened == nil {
		return
	}
	w.opened.body.Close()
	if err := <-w.opened.ended; err != nil {
		failed(w.from, w.to, err)
	} else {
		acked(w.from, w.to, w.opened.seq)
	}
	w.opened = nil
}

func acked(from, to uint32, seq int) {
	report(map[string]any{"acked": map[string]any{"from": from, "to": to, "seq": seq}})
}

func failed(from, to uint32, err error) {
	reason := "an early answer"
	if err != nil {
		reason = err.Error()
	}
	report(map[string]any{"failed": map[string]any{"from": from, "to": to, "reason": reason}})
}
