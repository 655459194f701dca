package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

// wait: so many GETs that wait at the head of one channel, until stdin ends.
func wait(args []string) error {
	flags := flag.NewFlagSet("wait", flag.ContinueOnError)
	address := flags.String("address", "", "host:port")
	channel := flags.String("channel", "idle", "")
	flags.String("protocol", "trickle", "trickle alone")
	readers := flags.Int("readers", 8_000, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	o := options{address: *address, path: "/", mime: "application/octet-stream"}
	if err := createChannel(l, o, *channel); err != nil {
		return err
	}
	request := fmt.Appendf(nil, "GET /%s/0 HTTP/1.1\r\nHost: load\r\n\r\n", *channel)
	for range *readers {
		c, err := l.dial(*address, func(in []byte) error { return fmt.Errorf("a waiting GET was answered: %.80s", in) })
		if err != nil {
			return err
		}
		if err := c.write(request); err != nil {
			return err
		}
	}
	// A request on a connection opened last is answered after the ones before it were read.
	if err := createChannel(l, o, *channel); err != nil {
		return err
	}
	say(map[string]any{"ready": *readers})
	return untilStdinEnds(l)
}

// channels: so many channels made, each with its first segment asked for once where it says so. It ends at once; they stay.
func channels(args []string) error {
	flags := flag.NewFlagSet("channels", flag.ContinueOnError)
	address := flags.String("address", "", "host:port")
	channel := flags.String("channel", "idle", "")
	flags.String("protocol", "trickle", "trickle alone")
	from := flags.Int("from", 0, "")
	count := flags.Int("count", 10_000, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	next := *from
	done := make(chan struct{})
	var c *conn
	ask := func() error {
		if next == *from+*count {
			close(done)
			return nil
		}
		next++
		return c.write(fmt.Appendf(nil, "POST /%s-%d HTTP/1.1\r\nHost: load\r\nExpect-Content: application/octet-stream\r\nContent-Length: 0\r\n\r\n", *channel, next-1))
	}
	a := &answers{body: func([]byte) {}, end: ask, head: func(status int, head string) error {
		if status != 200 {
			return fmt.Errorf("a channel was answered %s", head)
		}
		return nil
	}}
	if c, err = l.dial(*address, a.data); err != nil {
		return err
	}
	if err := ask(); err != nil {
		return err
	}
	select {
	case err := <-l.fails:
		return err
	case <-done:
		say(map[string]any{"made": *count})
		return nil
	}
}

func untilStdinEnds(l *loop) error {
	ended := make(chan struct{})
	go func() {
		bufio.NewScanner(os.Stdin).Scan()
		close(ended)
	}()
	select {
	case err := <-l.fails:
		return err
	case <-ended:
		return nil
	}
}
