package main

import "fmt"

// trickleReader asks for the next segment as soon as the head of the answer before is in, on its other connection.
type trickleReader struct {
	o     options
	gets  [2]*get
	asked int
	// piece is told of every piece of a body, complete of every segment that has ended.
	piece    func([]byte)
	complete func(seq int) error
	// refused counts the 470 answers. Each is asked again.
	refused int64
}

type get struct {
	conn *conn
	busy bool
	wish int // the seq to ask for once this connection is free, -1: none
}

func newTrickleReader(l *loop, o options, piece func([]byte), complete func(seq int) error) (*trickleReader, error) {
	r := &trickleReader{o: o, asked: -1, piece: piece, complete: complete}
	for n := range r.gets {
		r.gets[n] = &get{wish: -1}
		c, err := l.dial(o.address, r.answers(n).data)
		if err != nil {
			return nil, err
		}
		c.ended = func() {}
		r.gets[n].conn = c
	}
	return r, r.ask(0)
}

func (r *trickleReader) answers(n int) *answers {
	a := &answers{body: r.piece}
	seq := n
	again := false
	a.head = func(status int, head string) error {
		again = status == 470
		switch {
		case again:
			r.refused++
			a.body = func([]byte) {}
			return nil
		case status != 200:
			return fmt.Errorf("GET %d was answered %s", seq, head)
		case headerOf(head, "Lp-Trickle-Closed") != "":
			r.gets[1-n].wish = -1
			return nil
		}
		return r.ask(seq + 1)
	}
	a.end = func() error {
		mine := r.gets[n]
		mine.busy = false
		if again {
			again, a.body = false, r.piece
			return r.send(n, seq)
		}
		if err := r.complete(seq); err != nil {
			return err
		}
		seq += 2
		if mine.wish < 0 || mine.busy {
			return nil
		}
		return r.send(n, mine.wish)
	}
	return a
}

func (r *trickleReader) ask(seq int) error {
	if seq <= r.asked {
		return nil
	}
	r.asked = seq
	if r.gets[seq%2].busy {
		r.gets[seq%2].wish = seq
		return nil
	}
	return r.send(seq%2, seq)
}

func (r *trickleReader) send(n, seq int) error {
	g := r.gets[n]
	g.busy, g.wish = true, -1
	return g.conn.write([]byte(fmt.Sprintf("GET %s%s/%d HTTP/1.1\r\nHost: load\r\n\r\n", r.o.path, r.o.channel, seq)))
}
