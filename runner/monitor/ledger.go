package monitor

import "time"

// ledger adds up what a tree of processes takes of processors, those included that
// come and go.
//
// Of a child that has ended and was waited for, the system adds all that it took to
// what its parent's children took. So the sum over the tree, of what each took itself
// and what its ended children did, grows by just what was taken: what a child took
// before the last look only moves to its parent. Of one that nobody waited for it is
// gone from the sum, and must not count against the others. Which of the two it was,
// is seen from the parent: its children's sum has grown by that much, or has not.
type ledger struct {
	known map[process]account
	total time.Duration
}

// process is one, also where another one gets its number later.
type process struct {
	pid   int
	began int64
}

// account is what a process has taken so far.
type account struct {
	parent      process // in the tree; the zero one: none
	own, waited time.Duration
}

// enter takes in the accounts of all processes of the tree. Of one that was not there
// at the last look all counts if it began since, which born tells; else it has only
// been found now.
func (l *ledger) enter(now map[process]account, born func(process) bool) {
	gone := map[process]time.Duration{} // what children that have gone had taken, by who would have waited
	for p, had := range l.known {
		if _, there := now[p]; !there {
			gone[l.heir(p, now)] += had.own + had.waited
		}
	}
	for p, has := range now {
		had, met := l.known[p]
		switch {
		case met:
			waited := max(0, has.waited-had.waited)
			l.total += max(0, has.own-had.own) + waited - min(waited, gone[p])
		case born(p):
			l.total += has.own + has.waited - min(has.waited, gone[p])
		}
	}
	l.known = now
}

// heir is the nearest of those above a process that is there still.
func (l *ledger) heir(p process, now map[process]account) process {
	for {
		p = l.known[p].parent
		if _, there := now[p]; there || p == (process{}) {
			return p
		}
	}
}
