package main

import (
	"flag"
	"fmt"
	"time"
)

// spread: so many events a second, each on the next of many channels: a POST of one segment, and a GET that reads it.
func spread(args []string) error {
	flags := flag.NewFlagSet("spread", flag.ContinueOnError)
	address := flags.String("address", "", "host:port")
	channel := flags.String("channel", "idle", "")
	flags.String("protocol", "trickle", "trickle alone")
	count := flags.Int("count", 1, "channels, which exist")
	rate := flags.Int("rate", 1_000, "")
	size := flags.Int("size", 300, "")
	seconds := flags.Float64("seconds", 2, "")
	written := flags.Int("written", 0, "events of earlier rounds")
	pid := flags.Int("pid", 0, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	body, err := newRecord(*size)
	if err != nil {
		return err
	}
	events := int(float64(*rate) * *seconds)
	answered := make(chan struct{}, events*2+1)
	ends := func() error { answered <- struct{}{}; return nil }
	ok := func(status int, head string) error {
		if status != 200 {
			return fmt.Errorf("answered %s", head)
		}
		return nil
	}
	post, err := l.dial(*address, (&answers{body: func([]byte) {}, head: ok, end: ends}).data)
	if err != nil {
		return err
	}
	get, err := l.dial(*address, (&answers{body: func([]byte) {}, head: ok, end: ends}).data)
	if err != nil {
		return err
	}
	before, err := cpuOf(*pid)
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
		request := fmt.Appendf(nil, "POST /%s-%d/%d HTTP/1.1\r\nHost: load\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n", *channel, to, seq, len(body))
		if err := post.write(append(request, body...)); err != nil {
			return err
		}
		select {
		case <-answered:
		case err := <-l.fails:
			return err
		}
		if err := get.write(fmt.Appendf(nil, "GET /%s-%d/%d HTTP/1.1\r\nHost: load\r\n\r\n", *channel, to, seq)); err != nil {
			return err
		}
		select {
		case <-answered:
		case err := <-l.fails:
			return err
		}
	}
	took := float64(now()-began) / 1e9
	after, err := cpuOf(*pid)
	say(map[string]any{"perSecond": float64(events) / took, "cpu": float64(after-before) / float64(events)})
	return err
}
