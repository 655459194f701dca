package main

import (
	"fmt"
	"net"
	"syscall"
)

// relay is the limit: bytes from whoever says P go to all who say R, and nothing is looked at. One thread.
func relay([]string) error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	l, err := newLoop()
	if err != nil {
		return err
	}
	say(map[string]any{"ready": listener.Addr().String()})
	// Only the loop's thread touches it.
	readers := map[*conn]bool{}
	accept := func(fd int) error {
		c := &conn{fd: fd}
		known := false
		c.data = func(in []byte) error {
			if !known {
				known = true
				if in[0] == 'R' {
					readers[c] = true
					return nil
				}
				in = in[1:]
			}
			for reader := range readers {
				if reader.write(in) != nil {
					delete(readers, reader)
				}
			}
			return nil
		}
		c.ended = func() { delete(readers, c) }
		return l.add(c)
	}
	for {
		accepted, err := listener.Accept()
		if err != nil {
			return err
		}
		file, err := accepted.(*net.TCPConn).File()
		if err != nil {
			return err
		}
		fd, err := syscall.Dup(int(file.Fd()))
		if err != nil {
			return err
		}
		file.Close()
		accepted.Close()
		if err := accept(fd); err != nil {
			return fmt.Errorf("accept: %w", err)
		}
	}
}
