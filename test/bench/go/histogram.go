package main

import "math/bits"

// histogram counts nanoseconds in buckets at most 1.6 % wide.
type histogram struct {
	counts [64 * 64]int64
	total  int64
}

func (h *histogram) add(value int64) {
	h.counts[bucketOf(max(value, 0))]++
	h.total++
}

// at gives the value below which the share of all values lies, in microseconds.
func (h *histogram) at(share float64) float64 {
	wanted := int64(share * float64(h.total))
	for bucket, count := range h.counts {
		if wanted < count {
			return float64(valueOf(bucket)) / 1000
		}
		wanted -= count
	}
	return 0
}

func bucketOf(value int64) int {
	if value < 64 {
		return int(value)
	}
	shift := bits.Len64(uint64(value)) - 7
	return (shift+1)*64 + int(value>>shift) - 64
}

func valueOf(bucket int) int64 {
	if bucket < 64 {
		return int64(bucket)
	}
	shift := bucket/64 - 1
	return int64(bucket%64+64) << shift
}
