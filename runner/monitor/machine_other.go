//go:build !linux

package monitor

import (
	"context"
	"errors"
	"time"
)

// elsewhere knows nothing of processes.
type elsewhere struct{}

func thisMachine() machine { return elsewhere{} }

var errElsewhere = errors.New("processes can be watched on Linux only: `prometheus` and `command` are there on every system")

func (elsewhere) all(context.Context) (map[int]stat, error) { return nil, hopeless{errElsewhere} }
func (elsewhere) awake() time.Duration                      { return 0 }
func (elsewhere) own(int) time.Duration                     { return 0 }
func (elsewhere) found(context.Context, *Settings, map[int]stat) ([]int, error) {
	return nil, hopeless{errElsewhere}
}
func (elsewhere) descriptors(int) (int, error)                   { return 0, hopeless{errElsewhere} }
func (elsewhere) network(int) (received, sent float64, own bool) { return 0, 0, false }
func (elsewhere) pageSize() int64                                { return 0 }
