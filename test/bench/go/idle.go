package main

import (
	"bufio"
	"fmt"
	"os"
)

// wait: so many GETs that wait at the head of one channel, until stdin ends.
func wait(args []string) error {
	flags, o := flagsOf("wait", bytesMime)
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	if err := createChannel(l, *o, o.channel); err != nil {
		return err
	}
	request := fmt.Appendf(nil, "GET %s%s/0 HTTP/1.1\r\nHost: load\r\n\r\n", o.path, o.channel)
	for range o.readers {
		c, err := l.dial(o.address, func(in []byte) error { return fmt.Errorf("a waiting GET was answered: %.80s", in) })
		if err != nil {
			return err
		}
		if err := c.write(request); err != nil {
			return err
		}
	}
	// A request on a connection opened last is answered after the ones before it were read.
	if err := createChannel(l, *o, o.channel); err != nil {
		return err
	}
	say(map[string]any{"ready": o.readers})
	return untilStdinEnds(l)
}

// makers is how many connections make channels at a time, at most: with few it takes as long as answers take to come, which is long on a busy machine.
const makers = 256

// channels: so many channels made. It ends at once; they stay.
func channels(args []string) error {
	flags, o := flagsOf("channels", bytesMime)
	from := flags.Int("from", 0, "the number of the first")
	count := flags.Int("count", 10_000, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	names := make(chan int, *count)
	for n := range *count {
		names <- *from + n
	}
	close(names)
	ended := make(chan struct{}, makers)
	for range min(makers, *count) {
		var c *conn
		ask := func() error {
			name, more := <-names
			if !more {
				ended <- struct{}{}
				return nil
			}
			return c.write(fmt.Appendf(nil, "POST %s%s-%d HTTP/1.1\r\nHost: load\r\nExpect-Content: %s\r\nContent-Length: 0\r\n\r\n", o.path, o.channel, name, o.mime))
		}
		if c, err = l.dial(o.address, answers200("a POST for a channel", ask).data); err != nil {
			return err
		}
		if err := ask(); err != nil {
			return err
		}
	}
	for range min(makers, *count) {
		select {
		case err := <-l.fails:
			return err
		case <-ended:
		}
	}
	say(map[string]any{"made": *count})
	return nil
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
