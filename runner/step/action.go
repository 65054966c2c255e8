package step

import (
	"slices"
	"strings"

	"plimsoll/target/httpcall"
	"plimsoll/target/kind"
	"plimsoll/target/kinds"
	"plimsoll/target/setting"
)

// action is one of the things that a step can do.
type action struct {
	word  string
	sort  string   // "a call", "a block": in messages
	takes []string // the modifiers that belong to it
	given func(*Step) bool
}

// What belongs to whom.
var (
	ofCalls  = []string{"name", "timeout", "retry", "check", "extract", "record", "if", "until", "every", "within", "fail_if", "on_error"}
	ofAsking = append([]string{"target", "query", "headers", "cookies", "auth", "redirects", "body", "body_file", "json", "form", "multipart", "stream", "content", "tokens"}, ofCalls...)
	ofBlocks = []string{"name", "if", "on_error"}
	ofEach   = append([]string{"steps", "concurrent"}, ofBlocks...)
	ofRepeat = append([]string{"steps", "until"}, ofBlocks...)
	ofRest   = []string{"if"}
)

// asking are the actions that are requests of a path or URL.
const asking = "a request"

// actions are all but those of HTTP. `steps` is last: it belongs to others, too.
var actions = []action{
	{"call", "a call", ofCalls, func(s *Step) bool { return s.call.Given }},
	{"think_time", "a pause", ofRest, func(s *Step) bool { return s.think.Given }},
	{"parallel", "a block", ofBlocks, func(s *Step) bool { return s.parallel.Given }},
	{"each", "a block", ofEach, func(s *Step) bool { return s.each.Given }},
	{"repeat", "a block", ofRepeat, func(s *Step) bool { return s.repeat.Given }},
	{"journey", "a block", ofBlocks, func(s *Step) bool { return s.journey.Given }},
	{"mix", "a block", ofBlocks, func(s *Step) bool { return s.mix.Given }},
	{"set", "a setting of variables", ofRest, func(s *Step) bool { return s.set.Given }},
	{"steps", "a block", ofBlocks, func(s *Step) bool { return s.steps.Given && !s.each.Given && !s.repeat.Given }},
}

// actionWords are the keys of all actions.
func actionWords() []string {
	words := slices.Clone(httpcall.Verbs())
	for _, a := range kinds.Actions() {
		words = append(words, a.Word)
	}
	for _, a := range actions {
		words = append(words, a.word)
	}
	return words
}

// given are the actions that the step has.
func (s *Step) given() (all []action) {
	for _, verb := range s.http.Given() {
		all = append(all, action{word: verb, sort: asking, takes: ofAsking})
	}
	for _, a := range kinds.Actions() {
		if s.asked.At(a.Word).Given {
			all = append(all, ofKind(a))
		}
	}
	for _, a := range actions {
		if a.given(s) {
			all = append(all, a)
		}
	}
	return all
}

// ofKind is the action that targets of a kind can be asked.
func ofKind(a kind.Action) action {
	takes := []string{"target"}
	for _, k := range a.Keys {
		takes = append(takes, k.Name)
	}
	return action{word: a.Word, sort: a.Sort, takes: append(takes, ofCalls...)}
}

// placed is a key that the step has, and where its value stands.
type placed struct {
	key string
	at  setting.Pos
}

// modifiers are those that the step has.
func (s *Step) modifiers() (all []placed) {
	add := func(key string, given bool, at setting.Pos) {
		if given {
			all = append(all, placed{key, at})
		}
	}
	add("name", s.name.Given, s.name.Pos)
	add("target", s.target.Given, s.target.Pos)
	add("timeout", s.timeout.Given, s.timeout.Pos)
	add("retry", s.retry.Given, s.retry.Pos)
	add("check", s.check.Given, s.check.Pos)
	add("extract", s.extract.Given, s.extract.Pos)
	add("record", s.record.Given, s.record.Pos)
	add("if", s.onlyIf.Given, s.onlyIf.Pos)
	add("until", s.until.Given, s.until.Pos)
	add("every", s.every.Given, s.every.Pos)
	add("within", s.within.Given, s.within.Pos)
	add("fail_if", s.failIf.Given, s.failIf.Pos)
	add("on_error", s.onError.Given, s.onError.Pos)
	add("concurrent", s.concurrent.Given, s.concurrent.Pos)
	for _, name := range s.asked.Given() {
		isAction := func(a kind.Action) bool { return a.Word == name }
		if !slices.ContainsFunc(kinds.Actions(), isAction) {
			add(name, true, s.asked.At(name).Pos)
		}
	}
	if key, at := s.http.Stray(); key != "" {
		add(key, true, at)
	}
	return all
}

// judge reports what is wrong with the keys as a whole. Where some could not be
// read, what is not there is no mistake of its own.
func (s *Step) judge(r *setting.Reader, readable bool) bool {
	given := s.given()
	switch {
	case len(given) == 0 && !readable:
		return false
	case len(given) == 0:
		words := actionWords()
		last := len(words) - 1
		r.Problem(s.pos, "the step does nothing: give it one of %s and %s", strings.Join(words[:last], ", "), words[last])
		return false
	case len(given) > 1:
		at := r.Find(s.pos, given[1].word+":")
		r.Problem(at, "a step does one thing, and here are %s and %s: make two steps of them", given[0].word, given[1].word)
		return false
	}
	a, ok := given[0], true
	for _, m := range s.modifiers() {
		if !slices.Contains(a.takes, m.key) {
			r.Problem(m.at, "%s does not belong to %s, which is %s%s", m.key, a.word, a.sort, belongs(m.key, a))
			ok = false
		}
	}
	return s.complete(r, a) && ok
}

// belongs says where a key would be right, or what the action takes.
func belongs(key string, a action) string {
	switch {
	case key == "concurrent":
		return ": only each has it"
	case key == "target" && a.word == "call":
		return ": call names the target itself"
	case slices.Contains(ofAsking, key) && !slices.Contains(ofCalls, key):
		return ": only get, post and the other requests have it"
	case a.sort == "a block" && slices.Contains(ofCalls, key):
		return ": put it into the steps that make calls"
	}
	for _, other := range kinds.Actions() {
		if other.Has(key) {
			return ": only " + other.Word + " has it"
		}
	}
	return ": it takes " + strings.Join(a.takes, ", ")
}

// complete reports what an action lacks, and what one key lacks beside another.
func (s *Step) complete(r *setting.Reader, a action) bool {
	switch {
	case (a.word == "each" || a.word == "repeat") && !s.steps.Given:
		r.Problem(s.pos, "%s needs steps: write what is done each time under the key steps", a.word)
	case a.sort == "a block" && s.onError.Valid && s.onError.Value == "stop":
		r.Problem(s.onError.Pos, "on_error: stop belongs to calls: a block ends the iteration (end), or itself alone (continue)")
	case a.word != "repeat" && s.every.Given && !s.until.Given:
		r.Problem(s.every.Pos, "every is the pause of a poll, which needs until: write what the answer is waited for to be")
	case a.word != "repeat" && s.within.Given && !s.until.Given:
		r.Problem(s.within.Pos, "within bounds a poll, which needs until: a single call is bounded by timeout")
	case s.name.Valid && (strings.ContainsFunc(s.name.Value, func(c rune) bool { return c < ' ' || c == 0x7f }) || strings.TrimSpace(s.name.Value) == ""):
		r.Problem(s.name.Pos, "a name is one line of text, such as login")
	case s.name.Valid && slices.Contains([]string{"rule", "over", "after", "stop"}, s.name.Value):
		r.Problem(s.name.Pos, "no step can be called %s, which has a meaning in thresholds: choose another name", s.name.Value)
	default:
		return true
	}
	return false
}
