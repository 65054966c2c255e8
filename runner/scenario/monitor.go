package scenario

import (
	"slices"

	"plimsoll/runner/monitor"
	"plimsoll/runner/verdict"
	"plimsoll/target/setting"
)

// monitorDraft is what a scenario says of monitors.
type monitorDraft struct {
	off bool
	own []*monitor.Settings
}

func monitorShape() setting.Shape[monitorDraft] {
	off := setting.Convert(setting.Word("what to watch", "off"), func(*setting.Reader, setting.Pos, string) (monitorDraft, bool) {
		return monitorDraft{off: true}, true
	})
	own := setting.Complete(monitor.Shape(), func(_ *setting.Reader, _ setting.Pos, all []*monitor.Settings) (monitorDraft, bool) {
		return monitorDraft{own: all}, true
	})
	return setting.Either("monitors by name (a map), or off", setting.Forms[monitorDraft]{Scalar: off, Map: own})
}

// watching are the monitors of a scenario: the file's, and its own, which take the
// place of those of the same name.
func (d draft) watching(all []*monitor.Settings) []*monitor.Settings {
	if d.monitor.Value.off {
		return nil
	}
	all = slices.Clone(all)
	for _, own := range d.monitor.Value.own {
		i := slices.IndexFunc(all, func(m *monitor.Settings) bool { return m.Name == own.Name })
		if i >= 0 {
			all[i] = own
		} else {
			all = append(all, own)
		}
	}
	return all
}

// monitored reports a rule on what no monitor sees.
func (n naming) monitored(at setting.Pos, rule *verdict.Rule) bool {
	if rule.Family != verdict.Monitored {
		return true
	}
	i := slices.IndexFunc(n.s.Monitors, func(m *monitor.Settings) bool { return m.Name == rule.Monitor })
	switch {
	case n.s.Clock == Virtual:
		n.r.Problem(at, "%s is of the other side, and there is none under the virtual clock: leave it out", metricOf(rule))
		return false
	case i < 0:
		var names []string
		for _, m := range n.s.Monitors {
			names = append(names, m.Name)
		}
		hint := ": write `monitor: {" + rule.Monitor + ": {listening: 127.0.0.1:8080}}` into the file, for example"
		if names != nil {
			hint = setting.Suggest(rule.Monitor, names)
		}
		n.r.Problem(at, "there is no monitor %q%s", rule.Monitor, hint)
		return false
	}
	m := n.s.Monitors[i]
	if known, all := m.Series(); all && !slices.Contains(known, rule.Series) {
		n.r.Problem(at, "the monitor %s has no series %q%s", m.Name, rule.Series, setting.Suggest(rule.Series, known))
		return false
	}
	if problem := rule.Fits(m.UnitOf(rule.Series)); problem != "" {
		n.r.Problem(at, "%s", problem)
		return false
	}
	return true
}
