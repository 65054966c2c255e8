package wait

import (
	"os"
	"testing"
)

// Whoever has waited leaves no descriptor open.
func TestWaitersAreClosed(t *testing.T) {
	before := descriptors(t)
	for range 5 {
		New(DefaultSpin).Close()
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors are open, %d were", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
