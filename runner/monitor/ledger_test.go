package monitor

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// kernel keeps the accounts of processes as Linux does, and what was truly taken.
type kernel struct {
	alive  map[process]*account
	parent map[process]process
	taken  time.Duration
	unseen map[process]time.Duration // what each took since the last look
	next   int
	ticks  int64
}

var root = process{1, 1}

func newKernel() *kernel {
	return &kernel{alive: map[process]*account{root: {own: 40}}, parent: map[process]process{}, unseen: map[process]time.Duration{}, next: 2, ticks: 2}
}

func (k *kernel) burn(p process, d time.Duration) {
	k.alive[p].own += d
	k.taken += d
	k.unseen[p] += d
}

func (k *kernel) fork(p process) {
	k.ticks++
	child := process{k.next, k.ticks}
	k.next++
	k.alive[child], k.parent[child] = &account{}, p
}

// end ends a process; whoever waits for it is its parent, if that is there.
func (k *kernel) end(p process, waited bool) {
	if parent := k.parent[p]; waited && k.alive[parent] != nil {
		k.alive[parent].waited += k.alive[p].own + k.alive[p].waited
	}
	delete(k.alive, p)
	for child, parent := range k.parent {
		if parent == p {
			delete(k.parent, child) // somebody outside adopts it
		}
	}
}

func (k *kernel) accounts() map[process]account {
	all := map[process]account{}
	for p, a := range k.alive {
		all[p] = account{parent: k.parent[p], own: a.own, waited: a.waited}
	}
	k.unseen = map[process]time.Duration{}
	return all
}

// Whatever processes come, go, burn and are looked at in between, the ledger has just
// what they took where parents wait for their children. Where none does, it lacks no
// more than what those that ended took since they were last seen.
func TestNothingIsCountedTwiceAndNothingIsLost(t *testing.T) {
	for _, waits := range []bool{true, false} {
		rapid.Check(t, func(t *rapid.T) {
			k, l := newKernel(), &ledger{}
			looked := k.ticks
			look := func() {
				since := looked
				l.enter(k.accounts(), func(p process) bool { return p.began > since })
				looked = k.ticks
			}
			look()
			k.taken = 0
			lost := time.Duration(0)
			for range rapid.IntRange(0, 60).Draw(t, "steps") {
				var all []process
				for i := 1; i < k.next; i++ {
					for p := range k.alive {
						if p.pid == i {
							all = append(all, p)
						}
					}
				}
				p := rapid.SampledFrom(all).Draw(t, "process")
				switch rapid.IntRange(0, 3).Draw(t, "what") {
				case 0:
					k.burn(p, time.Duration(rapid.IntRange(1, 100).Draw(t, "burns")))
				case 1:
					k.fork(p)
				case 2:
					orphan := k.alive[k.parent[p]] == nil
					switch parent := k.parent[p]; {
					case p == root || orphan && waits:
						continue // whoever adopted it has what it took, outside
					case waits:
						k.unseen[parent] += k.unseen[p] // which the parent shows from now on
					default:
						lost += k.unseen[p]
					}
					k.end(p, waits)
				default:
					look()
				}
			}
			look()
			if l.total != k.taken-lost {
				t.Fatalf("waiting %v: the ledger has %d, taken were %d, of which nobody can know %d", waits, l.total, k.taken, lost)
			}
		})
	}
}
