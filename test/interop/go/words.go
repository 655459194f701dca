package main

import (
	"encoding/json"
	"os"
	"sync"
)

// The words of the wire.
const (
	headerSeq    = "Lp-Trickle-Seq"
	headerLatest = "Lp-Trickle-Latest"
	headerClosed = "Lp-Trickle-Closed"
	headerReset  = "Lp-Trickle-Reset"
	headerExpect = "Expect-Content"

	statusNoSegment = 470
	startNext       = -1
	startCurrent    = -2
)

var stdout sync.Mutex

// report writes one JSON line for the test that drives this program.
func report(event map[string]any) {
	line, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	stdout.Lock()
	defer stdout.Unlock()
	os.Stdout.Write(append(line, '\n'))
}
