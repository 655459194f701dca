package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// natsConn speaks the client protocol of nats-server: lines, of which MSG and HMSG are followed by a payload.
type natsConn struct {
	conn    *conn
	message func(subscription string, payload []byte) error
	pongs   chan struct{}
	line    []byte
	to      string // the subscription
	left    int    // bytes of the payload with its CR LF, 0: a line comes next
	payload []byte
}

func dialNats(l *loop, o options) (*natsConn, error) {
	n := &natsConn{pongs: make(chan struct{}, 1), message: func(string, []byte) error { return nil }}
	var err error
	if n.conn, err = l.dial(o.address, n.data); err != nil {
		return nil, err
	}
	n.conn.ended = func() { l.fail(errors.New("nats-server closed a connection")) }
	return n, n.flush("CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"go\",\"version\":\"0\",\"protocol\":1}\r\n")
}

// flush sends text, and returns when the server has dealt with it.
func (n *natsConn) flush(text string) error {
	if err := n.conn.write([]byte(text + "PING\r\n")); err != nil {
		return err
	}
	select {
	case <-n.pongs:
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("nats-server did not answer")
	}
}

func (n *natsConn) data(in []byte) error {
	for len(in) > 0 {
		if n.left > 0 {
			taken := min(n.left, len(in))
			n.payload = append(n.payload, in[:taken]...)
			in, n.left = in[taken:], n.left-taken
			if n.left == 0 {
				if err := n.message(n.to, n.payload[:len(n.payload)-2]); err != nil {
					return err
				}
			}
			continue
		}
		end := bytes.IndexByte(in, '\n')
		if end < 0 {
			n.line = append(n.line, in...)
			return nil
		}
		line := in[:end]
		if len(n.line) > 0 {
			n.line = append(n.line, line...)
			line = n.line
		}
		if err := n.handle(bytes.TrimSuffix(line, []byte("\r"))); err != nil {
			return err
		}
		n.line = n.line[:0]
		in = in[end+1:]
	}
	return nil
}

func (n *natsConn) handle(line []byte) error {
	switch {
	case bytes.HasPrefix(line, []byte("MSG ")):
		words := bytes.Fields(line)
		size, err := strconv.Atoi(string(words[len(words)-1]))
		n.to, n.left, n.payload = string(words[2]), size+2, n.payload[:0]
		return err
	case bytes.Equal(line, []byte("PING")):
		// Not in the loop's thread: the publisher may be waiting for the socket, and the loop for the publisher then.
		go n.conn.write([]byte("PONG\r\n"))
	case bytes.Equal(line, []byte("PONG")):
		n.pongs <- struct{}{}
	case bytes.HasPrefix(line, []byte("-ERR")):
		return fmt.Errorf("nats-server: %s", line)
	}
	return nil
}

type natsPublisher struct {
	*natsConn
	size    int
	subject string
}

func newNatsPublisher(l *loop, o options) (publisher, error) {
	n, err := dialNats(l, o)
	return &natsPublisher{n, o.size, o.channel}, err
}

func (p *natsPublisher) wire(payload []byte) []byte {
	return natsMessages(p.subject, "", payload, p.size)
}
func (p *natsPublisher) publish(wire []byte, events int) error { return p.conn.write(wire) }
func (p *natsPublisher) close() error                          { return nil }

// natsMessages makes a message of each event: that is what a broker is for.
func natsMessages(subject, reply string, payload []byte, size int) (wire []byte) {
	for ; len(payload) > 0; payload = payload[size:] {
		wire = append(wire, fmt.Sprintf("PUB %s%s %d\r\n", subject, reply, size)...)
		wire = append(append(wire, payload[:size]...), "\r\n"...)
	}
	return wire
}

func readNats(l *loop, o options, count func([]byte)) error {
	n, err := dialNats(l, o)
	if err != nil {
		return err
	}
	n.message = func(_ string, payload []byte) error { count(payload); return nil }
	return n.flush("SUB " + o.channel + " 1\r\n")
}

// jetstreamPublisher awaits an acknowledgement of each message, at most 4,096 of them at a time, as the clients' asynchronous publish does.
type jetstreamPublisher struct {
	natsPublisher
	sent  int64
	acked atomic.Int64
}

const jetstreamAhead = 4_096

func newJetstreamPublisher(l *loop, o options) (publisher, error) {
	n, err := dialNats(l, o)
	if err != nil {
		return nil, err
	}
	p := &jetstreamPublisher{natsPublisher: natsPublisher{n, o.size, o.channel}}
	made := make(chan error, 1)
	n.message = func(subscription string, answer []byte) error {
		failed := bytes.Contains(answer, []byte(`"error"`))
		if subscription == "2" {
			var err error
			if failed {
				err = fmt.Errorf("nats-server: %s", answer)
			}
			made <- err
			return nil
		}
		if failed {
			return fmt.Errorf("nats-server: %s", answer)
		}
		p.acked.Add(1)
		return nil
	}
	config := fmt.Sprintf(`{"name":"%s","subjects":["%s"],"storage":"memory","max_bytes":268435456,"discard":"old"}`, o.channel, o.channel)
	ask := fmt.Sprintf("SUB acks.%s 1\r\nSUB made.%s 2\r\nPUB $JS.API.STREAM.CREATE.%s made.%s %d\r\n%s\r\n", o.channel, o.channel, o.channel, o.channel, len(config), config)
	if err := n.flush(ask); err != nil {
		return nil, err
	}
	return p, <-made
}

func (p *jetstreamPublisher) wire(payload []byte) []byte {
	return natsMessages(p.subject, " acks."+p.subject, payload, p.size)
}

func (p *jetstreamPublisher) publish(wire []byte, events int) error {
	if err := until10s(func() bool { return p.sent-p.acked.Load() <= jetstreamAhead }); err != nil {
		return err
	}
	p.sent += int64(events)
	return p.conn.write(wire)
}

func (p *jetstreamPublisher) close() error {
	return p.flush(fmt.Sprintf("PUB $JS.API.STREAM.DELETE.%s 0\r\n\r\n", p.subject))
}

// readJetstream is a consumer that the server pushes to, without acknowledgements.
func readJetstream(l *loop, o options, count func([]byte)) error {
	n, err := dialNats(l, o)
	if err != nil {
		return err
	}
	made := make(chan error, 1)
	inbox := fmt.Sprintf("in.%s.%d", o.channel, n.conn.fd)
	n.message = func(subscription string, payload []byte) error {
		if subscription == "2" {
			var err error
			if bytes.Contains(payload, []byte(`"error"`)) {
				err = fmt.Errorf("nats-server: %s", payload)
			}
			made <- err
			return nil
		}
		count(payload)
		return nil
	}
	config := fmt.Sprintf(`{"stream_name":"%s","config":{"deliver_subject":"%s","ack_policy":"none","deliver_policy":"all"}}`, o.channel, inbox)
	ask := fmt.Sprintf("SUB %s 1\r\nSUB made.%s 2\r\nPUB $JS.API.CONSUMER.CREATE.%s made.%s %d\r\n%s\r\n", inbox, inbox, o.channel, inbox, len(config), config)
	if err := n.flush(ask); err != nil {
		return err
	}
	return <-made
}
