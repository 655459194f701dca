// Command peer is the Go side of Runnel's interop tests, on Go's own net/http and nothing else: a model of the Go
// trickle server, and clients with the habits of the Go ones. It is not go-livepeer; see the README of the workspace.
//
//	peer server [--port N] [--base-path /ai/trickle/] [--autocreate] [--changefeed] [--idle-ms N]
//	peer pub URL [--lines] [--roll-ms N]
//	peer sub URL [--from N] [--lines]
//
// Every subcommand writes JSON lines to stdout, one when it is ready, and ends with status 0 on SIGTERM.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: peer server|pub|sub")
	}
	switch args[0] {
	case "server":
		return runServer(ctx, args[1:])
	case "pub":
		return runPublisher(ctx, args[1:])
	case "sub":
		return runSubscriber(ctx, args[1:])
	}
	return fmt.Errorf("no subcommand %q", args[0])
}

func runServer(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	port := flags.Int("port", 0, "0 takes any free port")
	var o options
	flags.StringVar(&o.basePath, "base-path", "/ai/trickle/", "")
	flags.BoolVar(&o.autocreate, "autocreate", false, "")
	flags.BoolVar(&o.changefeed, "changefeed", false, "")
	idleMs := flags.Int("idle-ms", 300_000, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.idle = time.Duration(*idleMs) * time.Millisecond

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newServer(ctx, o)}
	go func() {
		<-ctx.Done()
		server.Close()
	}()
	report(map[string]any{"ready": "server", "url": "http://" + listener.Addr().String() + o.basePath})
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
