package main

import (
	"fmt"
	"net"
	"sync"
	"syscall"
	"unsafe"
)

// loop reads from many sockets in one thread. Handlers are called in that thread and must not block.
type loop struct {
	epoll int
	mu    sync.Mutex
	conns map[int32]*conn
	fails chan error
}

// conn is one socket. It is a blocking one, which is read only when there is something to read, so that a publisher's write waits as a
// plain client's does.
type conn struct {
	fd int
	// writing is held for a whole write: a blocking one may send its bytes in several pieces, and nothing else may come between them.
	writing sync.Mutex
	// data is told of every read, and may keep nothing of it.
	data func(bytes []byte) error
	// ended is told when the other side has closed; without it that is a failure.
	ended func()
}

const readBytes = 256 << 10

func newLoop() (*loop, error) {
	epoll, err := syscall.EpollCreate1(0)
	if err != nil {
		return nil, err
	}
	l := &loop{epoll: epoll, conns: map[int32]*conn{}, fails: make(chan error, 1)}
	go l.run()
	return l, nil
}

// dial connects to address and reads from then on.
func (l *loop) dial(address string, data func([]byte) error) (*conn, error) {
	to, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return nil, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	c := &conn{fd: fd, data: data}
	return c, l.add(c)
}

// add reads from the connection from then on.
func (l *loop) add(c *conn) error {
	l.mu.Lock()
	l.conns[int32(c.fd)] = c
	l.mu.Unlock()
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)}
	return syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, c.fd, &event)
}

func (l *loop) run() {
	buffer := make([]byte, readBytes)
	events := make([]syscall.EpollEvent, 512)
	for {
		count, err := syscall.EpollWait(l.epoll, events, -1)
		if err != nil && err != syscall.EINTR {
			l.fail(err)
			return
		}
		for n := range max(count, 0) {
			l.mu.Lock()
			c := l.conns[events[n].Fd]
			l.mu.Unlock()
			if c == nil {
				continue
			}
			if err := l.read(c, buffer); err != nil {
				l.fail(err)
				return
			}
		}
	}
}

func (l *loop) read(c *conn, buffer []byte) error {
	// A raw call: the socket is readable, so that the scheduler need not prepare for one that blocks.
	got, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(c.fd), uintptr(unsafe.Pointer(&buffer[0])), readBytes)
	switch {
	case errno == syscall.EINTR:
		return nil
	case errno != 0 || got == 0:
		l.forget(c)
		if c.ended == nil {
			return fmt.Errorf("the server closed a connection (%v)", errno)
		}
		c.ended()
		return nil
	}
	return c.data(buffer[:got])
}

// forget closes a connection.
func (l *loop) forget(c *conn) {
	l.mu.Lock()
	delete(l.conns, int32(c.fd))
	l.mu.Unlock()
	syscall.Close(c.fd)
}

func (l *loop) fail(err error) {
	select {
	case l.fails <- err:
	default:
	}
}

// write writes all of bytes, and waits for the socket where it must.
func (c *conn) write(bytes []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	for len(bytes) > 0 {
		n, err := syscall.Write(c.fd, bytes)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		bytes = bytes[n:]
	}
	return nil
}

// shut says that nothing more will be written.
func (c *conn) shut() { syscall.Shutdown(c.fd, syscall.SHUT_WR) }
