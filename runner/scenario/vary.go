package scenario

import (
	"slices"
	"strconv"

	"plimsoll/runner/condition"
	"plimsoll/runner/result"
	"plimsoll/target/look"
	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// varying is the variable that a scenario varies, and its values: a sweep.
type varying struct {
	name   string
	values []value.Value
}

func varyShape() setting.Shape[varying] {
	item := setting.Located(template.JSON())
	entries := setting.Map("a variable and its values", setting.Located(setting.List("vary", "put the values in brackets, vary: {urls: [5, 10]}", item)))
	return setting.Complete(entries, func(r *setting.Reader, at setting.Pos, all []setting.Entry[setting.At[[]setting.At[template.Template]]]) (v varying, ok bool) {
		if len(all) != 1 {
			r.Problem(at, "a scenario varies one variable, found %d: give the others a scenario each", len(all))
			return v, false
		}
		v.name, ok = all[0].Key, checkVaried(r, all[0].Pos, all[0].Key)
		for _, said := range all[0].Value.Value {
			text, constant := said.Value.Constant()
			if !said.Valid {
				ok = false
				continue
			}
			one := value.JSON(text)
			switch {
			case !constant:
				r.Problem(said.Pos, "the values of vary are the same for all of a trial: write them out")
				ok = false
			case one.Kind == value.List || one.Kind == value.Object || one.Kind == value.Null:
				r.Problem(said.Pos, "expected a number, a text, true or false, found %s", one.Kind)
				ok = false
			case slices.Contains(v.values, one):
				r.Problem(said.Pos, "this value comes twice in the sweep, leave it out here")
				ok = false
			}
			v.values = append(v.values, one)
		}
		return v, ok
	})
}

// checkVaried reports what cannot be the name of what is varied.
func checkVaried(r *setting.Reader, at setting.Pos, name string) bool {
	switch {
	case slices.Contains([]string{sweptRequests, sweptConcurrency, sweptRate}, name):
		r.Problem(at, "%s is swept where it stands: list its values there, and leave it out of vary", name)
	case !template.IsName(name):
		r.Problem(at, "%q cannot be the name of a variable: begin with a small letter and go on with letters, digits and _", name)
	case name == condition.Time || slices.Contains(look.Words(), name):
		r.Problem(at, "%s is what conditions call a part of the answer: choose another name for the variable", name)
	case slices.Contains(template.BuiltIns(), name):
		r.Problem(at, "${%s} is there by itself: choose another name for the variable", name)
	default:
		return true
	}
	return false
}

// points are its places in the sweep.
func (v varying) points() (all []result.Point) {
	for _, one := range v.values {
		all = append(all, result.Point{Vary: v.name + "=" + one.String()})
	}
	return all
}

// listOfVaried is the sweep that vary makes.
func (d draft) listOfVaried() []list {
	if !d.vary.Given {
		return nil
	}
	l := list{axis: "vary", pos: d.vary.Pos}
	if d.vary.Valid {
		l.points = d.vary.Value.points()
	}
	return []list{l}
}

// Values are what the names stand for that are the same throughout the trial:
// where it is in its sweep, and how many iterations it has.
func (t Trial) Values() map[string]value.Value {
	all := map[string]value.Value{}
	for name, v := range map[string]float64{sweptRequests: float64(t.Requests), sweptConcurrency: float64(t.Sweep.Concurrency), sweptRate: t.Sweep.RatePerS} {
		if v > 0 {
			all[name] = value.JSON(strconv.FormatFloat(v, 'f', -1, 64))
		}
	}
	if name, _, varies := t.Sweep.Varied(); varies && t.Scenario.Vary != nil { // else a setting of the mode is
		i := slices.IndexFunc(t.Scenario.Sweep, func(p result.Point) bool { return p == t.Sweep })
		all[name] = t.Scenario.Vary[max(0, i)]
	}
	return all
}
