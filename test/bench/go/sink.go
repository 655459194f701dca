package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"unsafe"
)

// tally is what has arrived at a sink since it was last asked to begin again.
type tally struct {
	mu     sync.Mutex
	events int64
	posts  int64
	ages   histogram
}

// sink is the receiver at the end of the relay. POST /events counts lines and acknowledges, /tee acknowledges, /hung never answers, /down answers 503.
// GET /tally says what has arrived, DELETE /tally begins again. A line with "t":"<16 hex digits>" was made at that time of the
// machine's monotonic clock, in nanoseconds.
func sink([]string) error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	t := &tally{}
	http.HandleFunc("POST /events", t.receive)
	http.HandleFunc("POST /tee", func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	http.HandleFunc("POST /hung", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	http.HandleFunc("POST /down", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	http.HandleFunc("GET /tally", t.tell)
	http.HandleFunc("DELETE /tally", func(w http.ResponseWriter, r *http.Request) {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.events, t.posts, t.ages = 0, 0, histogram{}
	})
	// A second address is a second destination to those who go by it.
	other, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.2:%d", listener.Addr().(*net.TCPAddr).Port))
	if err != nil {
		return err
	}
	go http.Serve(other, nil)
	say(map[string]any{"ready": listener.Addr().String(), "other": other.Addr().String()})
	return http.Serve(listener, nil)
}

var stampMark = []byte(`"t":"`)

func (t *tally) receive(w http.ResponseWriter, r *http.Request) {
	body := make([]byte, max(r.ContentLength, 0))
	if _, err := io.ReadFull(r.Body, body); err != nil {
		http.Error(w, fmt.Sprint(err), http.StatusBadRequest)
		return
	}
	arrived := monotonic()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.posts++
	for len(body) > 0 {
		end := bytes.IndexByte(body, '\n')
		if end < 0 {
			break
		}
		if at := bytes.Index(body[:end], stampMark); at >= 0 && at+stampAt+stampLen <= end {
			t.ages.add(arrived - stampOf(body[at-1:]))
		}
		t.events++
		body = body[end+1:]
	}
}

func (t *tally) tell(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	json.NewEncoder(w).Encode(map[string]any{"events": t.events, "posts": t.posts, "p50": t.ages.at(0.5), "p99": t.ages.at(0.99)})
}

// monotonic is what process.hrtime is in Node on Linux.
func monotonic() int64 {
	var spec syscall.Timespec
	const clockMonotonic = 1
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&spec)), 0)
	return spec.Nano()
}
