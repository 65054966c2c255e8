package monitor

import (
	"context"
	"errors"
	"time"
)

// processes watches some processes and all of their children.
type processes struct {
	settings *Settings
	tree     map[process]bool // that are watched; who was once, is until it ends
	ledger   ledger
	looked   time.Duration // since the machine began
	machine  machine
}

// machine is what the system tells of processes.
type machine interface {
	// all are the processes that there are, by their numbers.
	all(ctx context.Context) (map[int]stat, error)
	// awake is how long the machine has been on, suspended or not.
	awake() time.Duration
	// own is what a process took of processors so far, more closely than its stat
	// tells; 0: that is all that is known.
	own(pid int) time.Duration
	// found are the processes that settings name.
	found(ctx context.Context, s *Settings, all map[int]stat) ([]int, error)
	descriptors(pid int) (int, error)
	// network is what a process received and sent, as far as it has a network for
	// itself and its like; false: it shares this one.
	network(pid int) (received, sent float64, own bool)
	pageSize() int64
}

func newProcesses(s *Settings) source { return &processes{settings: s, machine: thisMachine()} }

func (p *processes) close() {}

// newborn is the age below which a name tells nothing: a process begins with that of
// its parent, until it has become another program.
const newborn = 100 * time.Millisecond

var errGone = errors.New("the process has ended")

// look finds the processes, if they are not known, and reads what they have taken.
func (p *processes) look(ctx context.Context) ([]reading, time.Time, error) {
	none := time.Time{}
	all, err := p.machine.all(ctx)
	if err != nil {
		return nil, none, err
	}
	anew := p.drop(all)
	if anew || p.settings.Process != "" { // of a name there may be more by now
		found, err := p.machine.found(ctx, p.settings, all)
		if err != nil {
			return nil, none, err
		}
		grown := int64((p.machine.awake() - newborn) / tick)
		for _, pid := range found {
			if one, there := all[pid]; there && (one.began < grown || p.settings.Process == "") {
				p.tree[process{pid, one.began}] = true
			}
		}
		if len(p.tree) == 0 {
			return nil, none, errGone
		}
	}
	p.grow(all)
	at := time.Now()
	readings := p.readings(all, anew)
	return readings, at, ctx.Err()
}

// drop takes those out that have ended; none: nobody is left.
func (p *processes) drop(all map[int]stat) (none bool) {
	for one := range p.tree {
		if s, there := all[one.pid]; !there || s.began != one.began {
			delete(p.tree, one)
		}
	}
	if len(p.tree) > 0 {
		return false
	}
	p.tree, p.ledger = map[process]bool{}, ledger{}
	return true
}

// grow adds the children, and theirs.
func (p *processes) grow(all map[int]stat) {
	children := map[int][]int{}
	for pid, s := range all {
		children[s.parent] = append(children[s.parent], pid)
	}
	var add func(pid int)
	add = func(pid int) {
		for _, child := range children[pid] {
			if one := (process{child, all[child].began}); !p.tree[one] {
				p.tree[one] = true
				add(child)
			}
		}
	}
	var roots []int
	for one := range p.tree {
		roots = append(roots, one.pid)
	}
	for _, pid := range roots {
		add(pid)
	}
}

// readings are those of all processes of the tree together.
func (p *processes) readings(all map[int]stat, anew bool) []reading {
	accounts := map[process]account{}
	var pages, threads int64
	for one := range p.tree {
		s := all[one.pid]
		a := account{own: max(s.own, p.machine.own(one.pid)), waited: s.waited}
		if parent, there := all[s.parent]; there && p.tree[process{s.parent, parent.began}] {
			a.parent = process{s.parent, parent.began}
		}
		accounts[one] = a
		pages, threads = pages+s.pages, threads+s.threads
	}
	since := int64((p.looked - 2*tick) / tick)
	p.ledger.enter(accounts, func(one process) bool { return p.looked > 0 && one.began >= since })
	p.looked = p.machine.awake()
	readings := []reading{
		{series: Cores, unit: UnitCores, value: p.ledger.total.Seconds(), total: true, anew: anew},
		{series: Memory, unit: UnitBytes, value: float64(pages * p.machine.pageSize())},
		{series: Threads, value: float64(threads)},
		p.open(),
	}
	return append(readings, p.traffic(anew)...)
}

// open are the descriptors that are.
func (p *processes) open() reading {
	r := reading{series: Descriptors}
	for one := range p.tree {
		n, err := p.machine.descriptors(one.pid)
		if err != nil {
			r.problem = "the system does not tell them to us: run plimsoll as the user whose process it is"
		}
		r.value += float64(n)
	}
	return r
}

// traffic is what came in and went out of their network, if that is theirs.
func (p *processes) traffic(anew bool) []reading {
	for one := range p.tree {
		received, sent, own := p.machine.network(one.pid)
		if !own {
			return nil
		}
		return []reading{
			{series: Received, unit: UnitBytesPerSecond, value: received, total: true, anew: anew},
			{series: Sent, unit: UnitBytesPerSecond, value: sent, total: true, anew: anew},
		}
	}
	return nil
}
