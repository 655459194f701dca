package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A model of the Go trickle server: what its clients can see of it, faults included, written from what was observed on the wire.
// What it leaves out is in the README.

type options struct {
	basePath   string
	autocreate bool
	changefeed bool
	idle       time.Duration
}

type server struct {
	options
	mu       sync.Mutex
	channels map[string]*channel
}

const changes = "_changes"

func newServer(ctx context.Context, o options) http.Handler {
	s := &server{options: o, channels: map[string]*channel{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+o.basePath+"{channel}", s.create)
	mux.HandleFunc("DELETE "+o.basePath+"{channel}", s.remove)
	mux.HandleFunc("GET "+o.basePath+"{channel}/next", s.next)
	mux.HandleFunc("POST "+o.basePath+"{channel}/{seq}", s.publish)
	mux.HandleFunc("GET "+o.basePath+"{channel}/{seq}", s.subscribe)
	mux.HandleFunc("DELETE "+o.basePath+"{channel}/{seq}", s.closeSegment)
	if o.changefeed {
		s.open(changes, "application/json", true)
	}
	go s.sweep(ctx)
	return mux
}

func (s *server) create(w http.ResponseWriter, r *http.Request) {
	if s.open(r.PathValue("channel"), r.Header.Get(headerExpect), s.autocreate) == nil {
		http.Error(w, "Stream not found", http.StatusNotFound)
	}
}

func (s *server) remove(w http.ResponseWriter, r *http.Request) {
	if !s.drop(r.PathValue("channel"), func(*channel) bool { return true }) {
		http.Error(w, "Invalid stream", http.StatusBadRequest)
	}
}

func (s *server) next(w http.ResponseWriter, r *http.Request) {
	c := s.find(w, r)
	if c == nil {
		return
	}
	head := strconv.Itoa(c.latest())
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set(headerLatest, head)
	w.Write([]byte(head))
}

func (s *server) publish(w http.ResponseWriter, r *http.Request) {
	// The channel comes into being before the seq is looked at.
	c := s.open(r.PathValue("channel"), r.Header.Get("Content-Type"), s.autocreate)
	if c == nil {
		w.Header().Set("Connection", "close")
		http.Error(w, "Stream not found", http.StatusNotFound)
		return
	}
	if seq, ok := parseSeq(w, r); ok {
		c.publish(w, r, seq)
	}
}

func (s *server) subscribe(w http.ResponseWriter, r *http.Request) {
	if c := s.find(w, r); c != nil {
		if seq, ok := parseSeq(w, r); ok {
			c.subscribe(w, r, seq)
		}
	}
}

func (s *server) closeSegment(w http.ResponseWriter, r *http.Request) {
	if c := s.find(w, r); c != nil {
		if seq, ok := parseSeq(w, r); ok && !c.closeSegment(seq) {
			http.Error(w, "Nonexistent segment", http.StatusBadRequest)
		}
	}
}

func parseSeq(w http.ResponseWriter, r *http.Request) (int, bool) {
	seq, err := strconv.Atoi(r.PathValue("seq"))
	if err != nil {
		http.Error(w, "Invalid idx", http.StatusBadRequest)
	}
	return seq, err == nil
}

func (s *server) find(w http.ResponseWriter, r *http.Request) *channel {
	c := s.open(r.PathValue("channel"), "", false)
	if c == nil {
		http.Error(w, "Stream not found", http.StatusNotFound)
	}
	return c
}

// open gives the channel of that name, a new one if there is none and it may be made, or nil.
func (s *server) open(name, mime string, make bool) *channel {
	s.mu.Lock()
	c := s.channels[name]
	if c != nil || !make {
		s.mu.Unlock()
		return c
	}
	c = &channel{mime: mime, touched: time.Now()}
	s.channels[name] = c
	s.mu.Unlock()
	s.announce("added", name)
	return c
}

func (s *server) drop(name string, ready func(*channel) bool) bool {
	s.mu.Lock()
	c := s.channels[name]
	if c == nil || !ready(c) {
		s.mu.Unlock()
		return false
	}
	delete(s.channels, name)
	s.mu.Unlock()
	c.close()
	s.announce("removed", name)
	return true
}

func (s *server) announce(what, name string) {
	if feed := s.open(changes, "", false); feed != nil && s.changefeed {
		entry, _ := json.Marshal(map[string][]string{what: {name}})
		feed.append(entry)
	}
}

func (s *server) sweep(ctx context.Context) {
	ticks := time.NewTicker(min(time.Minute, max(s.idle/2, 10*time.Millisecond)))
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		for _, name := range s.names() {
			s.drop(name, func(c *channel) bool { return c.idleFor() > s.idle })
		}
	}
}

func (s *server) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name := range s.channels {
		if !strings.HasPrefix(name, "_") {
			names = append(names, name)
		}
	}
	return names
}
