package runner

import (
	"runtime"
	"syscall"
	"testing"
)

// The memory told is that which is occupied now: at least what was just
// written to, at most what there ever was.
func TestResidentMemory(t *testing.T) {
	const size = 32 << 20
	block := make([]byte, size)
	for i := range block {
		block[i] = byte(i)
	}
	now := use().since(use()).RSSBytes
	runtime.KeepAlive(block)
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	if most := int64(u.Maxrss) << 10; now < size*3/4 || now > most*5/4 {
		t.Errorf("%d bytes are resident: %d were written to, and there were never more than %d", now, size, most)
	}
}
