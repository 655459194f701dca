package main

import "flag"

const (
	bytesMime = "application/octet-stream"
	jsonlMime = "application/jsonl"
)

// options are what every command against a server is told.
type options struct {
	protocol, address, path, channel, mime string
	readers, size, lines                   int
	seconds                                float64
	pid                                    int
}

// flagsOf gives a command's flags, to which it may add its own before it parses them. mime is what its channels hold if nothing is said.
func flagsOf(command, mime string) (*flag.FlagSet, *options) {
	flags, o := flag.NewFlagSet(command, flag.ContinueOnError), &options{}
	flags.StringVar(&o.protocol, "protocol", "trickle", "of stream; the others speak trickle alone")
	flags.StringVar(&o.address, "address", "", "host:port")
	flags.StringVar(&o.path, "path", "/", "trickle: where the channels are")
	flags.StringVar(&o.channel, "channel", "load", "its name, or what the names of several begin with")
	flags.StringVar(&o.mime, "mime", mime, "")
	flags.IntVar(&o.readers, "readers", 1, "")
	flags.IntVar(&o.size, "size", 300, "bytes of an event")
	flags.IntVar(&o.lines, "lines", 1, "events in one publication")
	flags.Float64Var(&o.seconds, "seconds", 2, "")
	flags.IntVar(&o.pid, "pid", 0, "the server, for its processor time")
	return flags, o
}
