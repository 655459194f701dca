package main

import (
	"fmt"
	"time"
)

const (
	rollAfter = time.Second
	rollBytes = 32 << 20
)

// tricklePublisher keeps one POST ahead of the one it writes to, on a second connection.
type tricklePublisher struct {
	loop    *loop
	o       options
	posts   [2]*post
	seq     int
	opened  time.Time
	written int
}

// post is one connection for segments. A POST's answer frees it for the next one, whose head makes it ready to be written to.
type post struct {
	conn  *conn
	free  chan struct{}
	ready chan struct{}
}

func newTricklePublisher(l *loop, o options) (publisher, error) {
	if err := createChannel(l, o, o.channel); err != nil {
		return nil, err
	}
	p := &tricklePublisher{loop: l, o: o, seq: -1}
	for n := range p.posts {
		opened, err := p.connect()
		if err != nil {
			return nil, err
		}
		p.posts[n] = opened
		if err := p.preconnect(n); err != nil {
			return nil, err
		}
	}
	p.next()
	return p, nil
}

func (p *tricklePublisher) connect() (*post, error) {
	opened := &post{free: make(chan struct{}, 1), ready: make(chan struct{}, 1)}
	opened.free <- struct{}{}
	a := answers200("a POST", func() error { opened.free <- struct{}{}; return nil })
	c, err := p.loop.dial(p.o.address, a.data)
	if err != nil {
		return nil, err
	}
	c.ended = func() {}
	opened.conn = c
	return opened, nil
}

func (p *tricklePublisher) preconnect(seq int) error {
	to := p.posts[seq%2]
	<-to.free
	defer func() { to.ready <- struct{}{} }()
	return to.conn.write([]byte(fmt.Sprintf("POST %s%s/%d HTTP/1.1\r\nHost: load\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
		p.o.path, p.o.channel, seq, p.o.mime)))
}

func (p *tricklePublisher) next() {
	p.seq++
	p.opened = time.Now()
	p.written = 0
	<-p.posts[p.seq%2].ready
}

func (p *tricklePublisher) wire(payload []byte) []byte {
	return append(append([]byte(fmt.Sprintf("%x\r\n", len(payload))), payload...), "\r\n"...)
}

func (p *tricklePublisher) publish(wire []byte, events int) error {
	if p.written >= rollBytes || time.Since(p.opened) >= rollAfter {
		if err := p.roll(); err != nil {
			return err
		}
	}
	p.written += len(wire)
	return p.posts[p.seq%2].conn.write(wire)
}

func (p *tricklePublisher) roll() error {
	if err := p.posts[p.seq%2].conn.write([]byte("0\r\n\r\n")); err != nil {
		return err
	}
	ended := p.seq
	p.next()
	// The answer to the segment that has just ended comes while the next one is being written.
	go func() {
		if err := p.preconnect(ended + 2); err != nil {
			p.loop.fail(err)
		}
	}()
	return nil
}

// close deletes the channel, so that a round leaves the server as it was.
func (p *tricklePublisher) close() error {
	return request(p.loop, p.o.address, fmt.Sprintf("DELETE %s%s HTTP/1.1\r\nHost: load\r\nConnection: close\r\n\r\n", p.o.path, p.o.channel))
}

func createChannel(l *loop, o options, name string) error {
	return request(l, o.address, fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: load\r\nExpect-Content: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		o.path, name, o.mime))
}

// request sends one request on a connection of its own and waits for the answer.
func request(l *loop, address, text string) error {
	answered := make(chan string, 1)
	a := &answers{body: func([]byte) {}}
	status := ""
	a.head = func(code int, head string) error { status = fmt.Sprint(code); return nil }
	a.end = func() error { answered <- status; return nil }
	c, err := l.dial(address, a.data)
	if err != nil {
		return err
	}
	c.ended = func() {}
	if err := c.write([]byte(text)); err != nil {
		return err
	}
	select {
	case got := <-answered:
		if got != "200" && got != "404" {
			return fmt.Errorf("%.40s was answered %s", text, got)
		}
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("%.40s was not answered in 10 s", text)
	}
}
