package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// answers reads HTTP/1.1 responses off one connection, in any pieces.
type answers struct {
	// head is told of each response's status and head, body of each piece, end once a response is complete.
	head func(status int, head string) error
	body func(piece []byte)
	end  func() error

	state  int
	held   []byte // of a head or a line that is not complete
	left   int    // bytes of the body or the chunk
	status int
}

// answers200 reads answers that are all 200 and whose bodies do not matter; end is told once each is complete.
func answers200(request string, end func() error) *answers {
	return &answers{body: func([]byte) {}, end: end, head: func(status int, head string) error {
		if status != 200 {
			return fmt.Errorf("%s was answered %s", request, head)
		}
		return nil
	}}
}

const (
	inHead = iota
	inLength
	inSize
	inChunk
	afterChunk
	inTrailer
)

var emptyLine = []byte("\r\n\r\n")

func (a *answers) data(in []byte) error {
	for len(in) > 0 {
		switch a.state {
		case inLength, inChunk:
			n := min(a.left, len(in))
			a.body(in[:n])
			in, a.left = in[n:], a.left-n
			if a.left > 0 {
				continue
			}
			if a.state == inLength {
				if err := a.finish(); err != nil {
					return err
				}
			} else {
				a.state = afterChunk
			}
		case inHead:
			head, rest, complete := a.upTo(in, emptyLine)
			in = rest
			if complete {
				if err := a.begin(string(head)); err != nil {
					return err
				}
			}
		default:
			line, rest, complete := a.upTo(in, emptyLine[:2])
			in = rest
			if complete {
				if err := a.line(line); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// upTo takes bytes up to and with the mark, together with what is held of earlier reads.
func (a *answers) upTo(in, mark []byte) (taken, rest []byte, complete bool) {
	if len(a.held) == 0 {
		if at := bytes.Index(in, mark); at >= 0 {
			return in[:at], in[at+len(mark):], true
		}
		a.held = append(a.held, in...)
		return nil, nil, false
	}
	before := len(a.held)
	a.held = append(a.held, in...)
	at := bytes.Index(a.held, mark)
	if at < 0 {
		return nil, nil, false
	}
	taken = a.held[:at]
	a.held = a.held[:0]
	return taken, in[at+len(mark)-before:], true
}

func (a *answers) line(line []byte) error {
	switch {
	case a.state == afterChunk:
		a.state = inSize
	case a.state == inTrailer && len(line) == 0:
		return a.finish()
	case a.state == inSize:
		a.left = 0
		for _, digit := range line {
			value := strings.IndexByte("0123456789abcdef", digit|0x20)
			if value < 0 {
				break
			}
			a.left = a.left<<4 | value
		}
		a.state = inChunk
		if a.left == 0 {
			a.state = inTrailer
		}
	}
	return nil
}

func (a *answers) begin(head string) error {
	if len(head) < 12 {
		return fmt.Errorf("no HTTP: %q", head)
	}
	a.status, _ = strconv.Atoi(head[9:12])
	if a.status == 100 {
		return nil
	}
	if err := a.head(a.status, head); err != nil {
		return err
	}
	if strings.EqualFold(headerOf(head, "Transfer-Encoding"), "chunked") {
		a.state = inSize
		return nil
	}
	a.left, _ = strconv.Atoi(headerOf(head, "Content-Length"))
	if a.left == 0 {
		return a.finish()
	}
	a.state = inLength
	return nil
}

func (a *answers) finish() error {
	a.state = inHead
	return a.end()
}

func headerOf(head, name string) string {
	for _, line := range strings.Split(head, "\r\n")[1:] {
		if at := strings.IndexByte(line, ':'); at > 0 && strings.EqualFold(line[:at], name) {
			return strings.TrimSpace(line[at+1:])
		}
	}
	return ""
}
