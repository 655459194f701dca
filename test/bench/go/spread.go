package main

import (
	"fmt"
	"time"
)

// spread: so many events a second, each on the next of many channels: a POST of one segment, and a GET that reads it.
func spread(args []string) error {
	flags, o := flagsOf("spread", bytesMime)
	count := flags.Int("count", 1, "channels, which exist")
	rate := flags.Int("rate", 1_000, "events a second")
	written := flags.Int("written", 0, "events of earlier rounds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	body, err := newRecord(o.size)
	if err != nil {
		return err
	}
	events := int(float64(*rate) * o.seconds)
	answered := make(chan struct{}, events*2+1)
	ends := func() error { answered <- struct{}{}; return nil }
	post, err := l.dial(o.address, answers200("a POST", ends).data)
	if err != nil {
		return err
	}
	get, err := l.dial(o.address, answers200("a GET", ends).data)
	if err != nil {
		return err
	}
	before, err := cpuOf(o.pid)
	if err != nil {
		return err
	}
	began := now()
	// A stride that meets every channel, and none twice in a row.
	for n := range events {
		at := *written + n
		to, seq := at*7919%*count, at / *count
		if wait := began + int64(n)*int64(time.Second)/int64(*rate) - now(); wait > 0 {
			pause(time.Duration(wait))
		}
		request := fmt.Appendf(nil, "POST %s%s-%d/%d HTTP/1.1\r\nHost: load\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", o.path, o.channel, to, seq, o.mime, len(body))
		if err := post.write(append(request, body...)); err != nil {
			return err
		}
		select {
		case <-answered:
		case err := <-l.fails:
			return err
		}
		if err := get.write(fmt.Appendf(nil, "GET %s%s-%d/%d HTTP/1.1\r\nHost: load\r\n\r\n", o.path, o.channel, to, seq)); err != nil {
			return err
		}
		select {
		case <-answered:
		case err := <-l.fails:
			return err
		}
	}
	took := float64(now()-began) / 1e9
	after, err := cpuOf(o.pid)
	say(map[string]any{"perSecond": float64(events) / took, "cpu": float64(after-before) / float64(events)})
	return err
}
