// Command load is the other side of every server that the bench measures: publishers, readers, a sink and a raw TCP relay, in one
// process with one clock. Linux only: it reads its sockets with epoll, so that a thousand readers cost it next to nothing.
//
//	load stream --protocol trickle --address HOST:PORT --channel c --readers 1 --rate 1000 --size 300 ...
//	load churn | wait | channels | spread | sink | relay
//
// Each subcommand ends with one line of JSON on stdout, or with its reason on stderr and status 1.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
)

var commands = map[string]func(args []string) error{
	"stream":   stream,
	"churn":    churn,
	"wait":     wait,
	"channels": channels,
	"spread":   spread,
	"relay":    relay,
	"sink":     sink,
}

func main() {
	// Pinned to one core Go would run one thread at a time; the publisher and the reading loop each need one the kernel can switch to.
	runtime.GOMAXPROCS(4)
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: load COMMAND [flags]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// say writes one line of JSON to stdout.
func say(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(line, '\n'))
}
