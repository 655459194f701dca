package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// step is one line of the script a publisher gets on stdin. Exactly one of its members is set.
type step struct {
	Segment *struct {
		Index   uint32
		Pieces  []int // bytes, written one after the other
		PauseMs int   // between two pieces
	}
	Line *struct {
		Index uint32
		Size  int // bytes, without the LF
	}
	PauseMs int
	End     string // "close": delete the channel and exit; "leave": exit and leave the channel as it is
}

// steps runs do for each line of stdin until it ends, do says stop, or ctx is over.
func steps(ctx context.Context, do func(step) (more bool, err error)) error {
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			lines <- append([]byte(nil), in.Bytes()...)
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			var s step
			if err := json.Unmarshal(line, &s); err != nil {
				return err
			}
			if s.PauseMs > 0 {
				time.Sleep(time.Duration(s.PauseMs) * time.Millisecond)
				continue
			}
			if more, err := do(s); err != nil || !more {
				return err
			}
		}
	}
}

// content is what segment number index holds: its index in four bytes, then a pattern that depends on index and offset.
// A segment is empty or at least four bytes long.
func content(index uint32, size int) []byte {
	if size == 0 {
		return nil
	}
	data := make([]byte, size)
	for i := range data {
		data[i] = byte((int(index)*17 + i) % 251)
	}
	binary.BigEndian.PutUint32(data, index)
	return data
}

// lineText is a JSON object of size bytes, or a little more where the size is too small for its index.
func lineText(index uint32, size int) string {
	head := fmt.Sprintf(`{"n":%d,"pad":"`, index)
	return head + strings.Repeat("x", max(0, size-len(head)-2)) + `"}`
}
