package runner

import (
	"fmt"

	"plimsoll/runner/scenario"
	"plimsoll/target/host"
)

// shortage tells, as an error in words for the user, what a trial obviously
// needs more of than this process may have; nil where it may go well.
func shortage(t scenario.Trial) error {
	limit := host.DescriptorLimit()
	needs, open := connections(t), host.DescriptorsOpen()
	if limit == 0 || needs+open <= limit {
		return nil
	}
	return fmt.Errorf("%d calls at a time need as many connections, and this process may have %d files open, of which %d are: raise the limit (ulimit -n %d), lower the number, or cap `connections`",
		needs, limit, open, needs+open+spareDescriptors)
}

// announce says before anything is sent which trials cannot be carried out for
// want of something of this machine's; a search may do without its highest
// loads.
func (r *underWay) announce(trials []scenario.Trial) {
	if r.Fleet != nil {
		return // it is the agents' machines that must have it
	}
	said := map[string]bool{}
	for _, t := range trials {
		err := shortage(t)
		if err == nil || t.Scenario.Capacity != nil || r.Output == nil {
			continue
		}
		if text := fmt.Sprintf("%s, %s: %v", t.Scenario.Name, t.Mode.Name, err); !said[text] {
			said[text] = true
			fmt.Fprintln(r.Output, "plimsoll: it will not be carried out: "+text)
		}
	}
}

// spareDescriptors is what a trial takes besides its connections, generously.
const spareDescriptors = 64

// connections is how many a trial needs for sure: one for each call in flight
// of a closed loop whose users never pause. An open loop needs as many as its
// target is slow, and HTTP/2 one for many calls: of these nothing is sure.
func connections(t scenario.Trial) int64 {
	if t.Scenario.Steps != nil {
		return 0 // who pauses needs none
	}
	traits := t.Scenario.Target.Settings.Traits()
	if !traits.Exclusive {
		return 0
	}
	needs := t.Mode.Busy(t.Requests)
	if traits.Places > 0 {
		needs = min(needs, traits.Places)
	}
	return int64(needs)
}
