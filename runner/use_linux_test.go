package runner

import (
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
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

// Every thread tells how long it waited for a processor, which it did not while it
// had one.
func TestThreadsTellTheirWaits(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began, own := time.Now(), strconv.Itoa(syscall.Gettid())
	before, there := threadWaits()[own]
	if !there {
		t.Fatalf("nothing of this thread, %s", own)
	}
	ran := func() time.Duration {
		var u syscall.Rusage
		const thisThread = 1
		if err := syscall.Getrusage(thisThread, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	idle := ran()
	for ran()-idle < 60*time.Millisecond {
	}
	const tick = 10 * time.Millisecond // to which the system may round
	waited := threadWaits()[own] - before
	if had := ran() - idle; waited < 0 || waited > time.Since(began)-had+tick {
		t.Errorf("in %v it ran for %v, and waited for %v", time.Since(began), had, waited)
	}
}
