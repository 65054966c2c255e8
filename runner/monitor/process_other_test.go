//go:build !linux

package monitor

import (
	"strings"
	"testing"
	"time"
)

func beMonitored(string) {}

func TestElsewhereThereIsASentence(t *testing.T) {
	told := lone(t, watched(t, &Settings{PID: 1}, 300*time.Millisecond))
	if !strings.HasPrefix(told.Problem, "processes can be watched on Linux only") {
		t.Errorf("%+v", told)
	}
}
