package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"time"
)

var (
	errEnded    = errors.New("ended")
	errNotFound = errors.New("not_found")
)

// publisher has the Go client's habits: it begins at 0, sends neither create nor reset, preconnects in its constructor and then
// one ahead, has no time-outs, and looks at Closed before the status.
type publisher struct {
	url     string
	client  *http.Client
	next    int
	pending *post
}

type post struct {
	seq   int
	body  *io.PipeWriter
	ended chan error
}

func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{IdleConnTimeout: time.Minute}}
}

func newPublisher(url string) *publisher {
	p := &publisher{url: url, client: newClient()}
	p.pending = p.preconnect()
	return p
}

func (p *publisher) preconnect() *post {
	opened := p.connect(p.next)
	p.next++
	return opened
}

func (p *publisher) connect(seq int) *post {
	reader, writer := io.Pipe()
	opened := &post{seq, writer, make(chan error, 1)}
	request, err := http.NewRequest("POST", fmt.Sprintf("%s/%d", p.url, seq), reader)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", "video/MP2T")
	client := p.client
	go func() {
		response, err := client.Do(request)
		if err == nil {
			err = verdict(response)
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
		opened.ended <- err
		reader.CloseWithError(errors.Join(err, io.ErrClosedPipe))
	}()
	return opened
}

func verdict(response *http.Response) error {
	switch {
	case response.Header.Get(headerClosed) != "":
		return errEnded
	case response.StatusCode == http.StatusNotFound:
		return errNotFound
	case response.StatusCode >= 400:
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return nil
}

// take gives the preconnected POST and preconnects the one after it.
func (p *publisher) take() *post {
	taken := p.pending
	p.pending = p.preconnect()
	return taken
}

// again opens the same segment once more, on a connection of its own.
func (p *publisher) again(seq int) *post {
	p.client = newClient()
	return p.connect(seq)
}

// close deletes the channel first and lets go of the preconnect afterwards.
func (p *publisher) close() error {
	request, err := http.NewRequest("DELETE", p.url, nil)
	if err != nil {
		return err
	}
	response, err := newClient().Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d to DELETE", response.StatusCode)
	}
	return p.pending.body.Close()
}

func runPublisher(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("pub", flag.ContinueOnError)
	rollMs := flags.Int("roll-ms", 1000, "lines: how long one segment is written to")
	if len(args) == 0 {
		return errors.New("usage: peer pub URL")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	p := newPublisher(args[0])
	lines := &lineWriter{publisher: p, roll: time.Duration(*rollMs) * time.Millisecond}
	report(map[string]any{"ready": "pub"})
	err := steps(ctx, func(s step) (bool, error) {
		switch {
		case s.Segment != nil:
			p.writeSegment(s.Segment.Index, s.Segment.Pieces, time.Duration(s.Segment.PauseMs)*time.Millisecond)
		case s.Line != nil:
			lines.write(s.Line.Index, lineText(s.Line.Index, s.Line.Size))
		case s.End == "close":
			lines.finish()
			if err := p.close(); err != nil {
				report(map[string]any{"note": "close: " + err.Error()})
			}
			return false, nil
		case s.End == "leave":
			lines.finish()
			return false, nil
		}
		return true, nil
	})
	report(map[string]any{"done": map[string]any{}})
	return err
}
