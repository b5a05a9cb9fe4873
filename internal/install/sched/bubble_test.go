package sched

import (
	"runtime"
	"strings"
	"testing/synctest"
)

// bubbleGoroutines counts the goroutines of the bubble that calls it.
func bubbleGoroutines() int {
	synctest.Wait()
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	// "goroutine 8 [running, synctest bubble 7]:"
	head, _, _ := strings.Cut(string(buf), "\n")
	_, bubble, _ := strings.Cut(head, "synctest bubble ")
	bubble, _, _ = strings.Cut(bubble, "]")
	return strings.Count(string(buf), "synctest bubble "+bubble+"]")
}
