package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"time"
)

const (
	reAskAfter  = 20 * time.Second
	jumpPause   = 300 * time.Millisecond
	maxFailures = 5
)

// subscriber has the Go client's habits: the next GET starts when the headers of the current one are in, a waiting GET is
// cancelled and asked again after 20 s, a 470 makes it jump to Latest after 300 ms, more than five failures in a row end it.
type subscriber struct {
	url     string
	client  *http.Client
	next    int
	pending chan answer
	onWire  func()
}

type answer struct {
	response *http.Response
	err      error
}

func (s *subscriber) preconnect(ctx context.Context, seq int) {
	s.pending = make(chan answer, 1)
	go func(pending chan<- answer) {
		for {
			response, err := s.ask(ctx, seq)
			if errors.Is(err, context.DeadlineExceeded) {
				continue
			}
			pending <- answer{response, err}
			return
		}
	}(s.pending)
}

// ask waits at most 20 s for the head of the answer; the body may take as long as it likes.
func (s *subscriber) ask(ctx context.Context, seq int) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(reAskAfter, func() { cancel(context.DeadlineExceeded) })
	defer timer.Stop()
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { s.onWire() }}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), "GET", fmt.Sprintf("%s/%d", s.url, seq), nil)
	if err != nil {
		return nil, err
	}
	response, err := s.client.Do(request)
	if err != nil && context.Cause(ctx) == context.DeadlineExceeded {
		return nil, context.DeadlineExceeded
	}
	return response, err
}

// run hands every segment to read, until the channel ends or it gives up; it says which.
func (s *subscriber) run(ctx context.Context, read func(response *http.Response, seq int)) string {
	failures := 0
	s.preconnect(ctx, s.next)
	for {
		var got answer
		select {
		case <-ctx.Done():
			return "stopped"
		case got = <-s.pending:
		}
		switch {
		case ctx.Err() != nil:
			return "stopped"
		case got.err != nil:
			if failures++; failures > maxFailures {
				return "gave_up"
			}
			time.Sleep(jumpPause)
			s.preconnect(ctx, s.next)
			continue
		case got.response.Header.Get(headerClosed) != "":
			return "closed"
		case got.response.StatusCode == http.StatusNotFound:
			return "not_found"
		case got.response.StatusCode == statusNoSegment:
			s.jump(ctx, got.response)
			continue
		case got.response.StatusCode != http.StatusOK:
			got.response.Body.Close()
			if failures++; failures > maxFailures {
				return "gave_up"
			}
			time.Sleep(jumpPause)
			s.preconnect(ctx, s.next)
			continue
		}
		failures = 0
		if seq, err := strconv.Atoi(got.response.Header.Get(headerSeq)); err == nil {
			s.next = seq + 1
		}
		s.preconnect(ctx, s.next)
		read(got.response, s.next-1)
	}
}

func (s *subscriber) jump(ctx context.Context, response *http.Response) {
	response.Body.Close()
	latest, err := strconv.Atoi(response.Header.Get(headerLatest))
	if err != nil {
		latest = startNext
	}
	report(map[string]any{"gap": map[string]any{"wanted": s.next, "latest": latest}})
	s.next = latest
	time.Sleep(jumpPause)
	s.preconnect(ctx, s.next)
}

func runSubscriber(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("sub", flag.ContinueOnError)
	from := flags.Int("from", startNext, "the seq to begin at, -1 the next, -2 the current")
	lines := flags.Bool("lines", false, "report lines instead of segments")
	if len(args) == 0 {
		return errors.New("usage: peer sub URL")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	var once sync.Once
	onWire := func() { once.Do(func() { report(map[string]any{"ready": "sub"}) }) }
	s := &subscriber{url: args[0], client: newClient(), next: *from, onWire: onWire}
	read := readSegment
	if *lines {
		read = readLines
	}
	end := s.run(ctx, read)
	report(map[string]any{"done": map[string]any{"end": end}})
	return nil
}

func readSegment(response *http.Response, seq int) {
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	sum := sha256.Sum256(data)
	segment := map[string]any{"seq": seq, "size": len(data), "sha256": hex.EncodeToString(sum[:]), "cut": err != nil}
	if len(data) >= 4 {
		segment["index"] = binary.BigEndian.Uint32(data)
	}
	report(map[string]any{"segment": segment})
}

func readLines(response *http.Response, seq int) {
	defer response.Body.Close()
	body := bufio.NewReader(response.Body)
	for {
		line, err := body.ReadString('\n')
		if err != nil {
			if err != io.EOF {
				report(map[string]any{"segment": map[string]any{"seq": seq, "cut": true}})
			}
			return
		}
		report(map[string]any{"line": map[string]any{"seq": seq, "text": line[:len(line)-1]}})
	}
}
