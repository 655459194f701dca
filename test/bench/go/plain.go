package main

import (
	"errors"
	"fmt"
	"time"
)

// tcpPublisher and the readers beside it talk to `load relay`: their first byte says which side they are.
type tcpPublisher struct{ conn *conn }

func newTcpPublisher(l *loop, o options) (publisher, error) {
	c, err := l.dial(o.address, func([]byte) error { return errors.New("the relay talks to its publisher") })
	if err != nil {
		return nil, err
	}
	c.ended = func() {}
	return tcpPublisher{c}, c.write([]byte("P"))
}

func (p tcpPublisher) wire(payload []byte) []byte            { return append([]byte(nil), payload...) }
func (p tcpPublisher) publish(wire []byte, events int) error { return p.conn.write(wire) }
func (p tcpPublisher) close() error                          { p.conn.shut(); return nil }

func readTcp(l *loop, o options, count func([]byte)) error {
	c, err := l.dial(o.address, func(in []byte) error { count(in); return nil })
	if err != nil {
		return err
	}
	c.ended = func() {}
	return c.write([]byte("R"))
}

// ssePublisher POSTs one endless body; readers GET one endless event stream.
type ssePublisher struct{ conn *conn }

func newSsePublisher(l *loop, o options) (publisher, error) {
	c, err := l.dial(o.address, func([]byte) error { return nil })
	if err != nil {
		return nil, err
	}
	c.ended = func() {}
	return ssePublisher{c}, c.write([]byte(fmt.Sprintf("POST /%s HTTP/1.1\r\nHost: load\r\nTransfer-Encoding: chunked\r\n\r\n", o.channel)))
}

func (p ssePublisher) wire(payload []byte) []byte {
	return append(append([]byte(fmt.Sprintf("%x\r\n", len(payload))), payload...), "\r\n"...)
}
func (p ssePublisher) publish(wire []byte, events int) error { return p.conn.write(wire) }
func (p ssePublisher) close() error                          { p.conn.shut(); return nil }

func readSse(l *loop, o options, count func([]byte)) error {
	begun := make(chan struct{}, 1)
	a := &answers{body: count, end: func() error { return nil }}
	a.head = func(status int, head string) error {
		begun <- struct{}{}
		if status != 200 {
			return errors.New(head)
		}
		return nil
	}
	c, err := l.dial(o.address, a.data)
	if err != nil {
		return err
	}
	c.ended = func() {}
	if err := c.write([]byte(fmt.Sprintf("GET /%s HTTP/1.1\r\nHost: load\r\nAccept: text/event-stream\r\n\r\n", o.channel))); err != nil {
		return err
	}
	select {
	case <-begun:
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("the event stream did not begin")
	}
}
