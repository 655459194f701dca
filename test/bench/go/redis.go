package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
)

// resp reads Redis' protocol: text tells of each string that is not an event, event of each string of an event's size, reply of each
// reply that is complete.
type resp struct {
	size  int
	event func([]byte)
	reply func() error
	text  func([]byte)

	held []byte
	left int // bytes of a string with its CR LF
	open int // values that the reply still lacks
}

func (r *resp) data(in []byte) error {
	r.held = append(r.held, in...)
	rest := r.held
	for {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			break
		}
		size, err := strconv.Atoi(string(bytes.TrimRight(rest[1:end], "\r")))
		if rest[0] == '-' {
			return fmt.Errorf("redis: %s", rest[:end])
		}
		next := end + 1
		if rest[0] == '$' && size >= 0 {
			next += size + 2
			if len(rest) < next {
				break
			}
			if size == r.size {
				r.event(rest[end+1 : next-2])
			} else {
				r.text(rest[end+1 : next-2])
			}
		}
		if r.open == 0 {
			r.open = 1
		}
		r.open--
		if rest[0] == '*' && err == nil && size > 0 {
			r.open += size
		}
		rest = rest[next:]
		if r.open == 0 {
			if err := r.reply(); err != nil {
				return err
			}
		}
	}
	r.held = append(r.held[:0], rest...)
	return nil
}

func dialRedis(l *loop, o options, r *resp) (*conn, error) {
	r.size = o.size
	if r.event == nil {
		r.event = func([]byte) {}
	}
	if r.text == nil {
		r.text = func([]byte) {}
	}
	c, err := l.dial(o.address, r.data)
	if err != nil {
		return nil, err
	}
	c.ended = func() { l.fail(errors.New("redis-server closed a connection")) }
	return c, nil
}

func command(words ...string) []byte {
	wire := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, word := range words {
		wire = fmt.Appendf(wire, "$%d\r\n%s\r\n", len(word), word)
	}
	return wire
}

// redisPublisher sends a command for each event, many at a time, and is at most 4,096 replies ahead.
type redisPublisher struct {
	conn    *conn
	o       options
	command func(event string) []byte
	sent    int64
	replies atomic.Int64
	last    []byte
}

const redisAhead = 4_096

func newRedisPublisher(l *loop, o options, event func(event string) []byte, last []byte) (publisher, error) {
	p := &redisPublisher{o: o, command: event, last: last}
	c, err := dialRedis(l, o, &resp{reply: func() error { p.replies.Add(1); return nil }})
	p.conn = c
	return p, err
}

func newRedisPubSub(l *loop, o options) (publisher, error) {
	return newRedisPublisher(l, o, func(event string) []byte { return command("PUBLISH", o.channel, event) }, nil)
}

func newRedisStream(l *loop, o options) (publisher, error) {
	add := func(event string) []byte {
		return command("XADD", o.channel, "MAXLEN", "~", "200000", "*", "e", event)
	}
	return newRedisPublisher(l, o, add, command("DEL", o.channel))
}

func (p *redisPublisher) wire(payload []byte) (wire []byte) {
	for ; len(payload) > 0; payload = payload[p.o.size:] {
		wire = append(wire, p.command(string(payload[:p.o.size]))...)
	}
	return wire
}

func (p *redisPublisher) publish(wire []byte, events int) error {
	if err := until10s(func() bool { return p.sent-p.replies.Load() <= redisAhead }); err != nil {
		return err
	}
	p.sent += int64(events)
	return p.conn.write(wire)
}

func (p *redisPublisher) close() error { return p.conn.write(p.last) }

func readRedisPubSub(l *loop, o options, count func([]byte)) error {
	subscribed := make(chan struct{}, 1)
	first := true
	r := &resp{event: count}
	r.reply = func() error {
		if first {
			first = false
			subscribed <- struct{}{}
		}
		return nil
	}
	c, err := dialRedis(l, o, r)
	if err != nil {
		return err
	}
	if err := c.write(command("SUBSCRIBE", o.channel)); err != nil {
		return err
	}
	<-subscribed
	return nil
}

// readRedisStream reads on from the last entry it has seen, up to 4,096 at a time, waiting where there are none.
func readRedisStream(l *loop, o options, count func([]byte)) error {
	var c *conn
	last := "0-0"
	r := &resp{event: count}
	r.text = func(text []byte) {
		if bytes.IndexByte(text, '-') > 0 && text[0] >= '0' && text[0] <= '9' {
			last = string(text)
		}
	}
	r.reply = func() error {
		return c.write(command("XREAD", "COUNT", "4096", "BLOCK", "0", "STREAMS", o.channel, last))
	}
	c, err := dialRedis(l, o, r)
	if err != nil {
		return err
	}
	return r.reply()
}
