package exec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"plimsoll/target/kind"
	"plimsoll/target/retry"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Action is how a program is run.
func Action() kind.Action {
	word := func() setting.Shape[template.Template] { return template.Shape("a word of the command") }
	return kind.Action{
		Word: "exec", Sort: "a run of a program",
		Doc:   "The program to run and its arguments, [date, +%s]; with shell: true of the target, a line for the shell.",
		Shape: kind.Untyped(setting.OneOrMore(word())),
		Keys:  []kind.Key{kind.Keyed("stdin", "What the program reads. Default: nothing.", template.Shape("a text"))},
		Call: func(r *setting.Reader, w *kind.Written) (kind.Call, bool) {
			c := &Call{}
			for _, word := range kind.Value[setting.Several[template.Template]](w, "exec").Values() {
				c.Words = append(c.Words, c.holes.Add(word))
			}
			if stdin := w.At("stdin"); stdin.Given {
				c.HasInput, c.Stdin = true, c.holes.Add(kind.Value[template.Template](w, "stdin"))
			}
			if text, constant := c.Words[0].Constant(); constant && strings.TrimSpace(text) == "" {
				r.Problem(w.At("exec").Pos, "the command is empty: name a program, such as exec: [date]")
				return nil, false
			}
			return c, true
		},
	}
}

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	type written struct {
		environment []setting.Entry[string]
		directory   string
		shell       bool
		timeout     time.Duration
		retry       retry.Settings
		codes       codes
	}
	settings := func(r *setting.Reader, at setting.Pos, w written, own kind.Call) (kind.Settings, bool) {
		s := &Settings{Shell: w.shell, Timeout: w.timeout, Retry: w.retry, Success: w.codes, Scrub: r.Scrub}
		if w.directory != "" {
			s.Directory = r.Path(w.directory)
		}
		ok := true
		for _, e := range w.environment {
			if e.Key == "" || strings.ContainsAny(e.Key, "=\x00") || strings.Contains(e.Value, "\x00") {
				r.Problem(e.Pos, "%q cannot be the name of a variable of the environment", e.Key)
				ok = false
			}
			s.Environment = append(s.Environment, fmt.Sprintf("%s=%s", e.Key, e.Value))
		}
		if own != nil {
			s.Own = own.(*Call)
			if err := s.Own.fits(w.shell); err != nil {
				r.Problem(at, "%v", err)
				ok = false
			}
		}
		return s, ok
	}
	return kind.Target("an exec target", Action(), settings,
		setting.Key("environment", "Variables of the environment, added to plimsoll's own.", setting.Secret(setting.Map("variables", setting.Text("a value"))), func(w *written) *[]setting.Entry[string] { return &w.environment }),
		setting.Key("directory", "The folder in which the program runs, counted from the scenario file's. Default: where plimsoll runs.", setting.Text("a folder"), func(w *written) *string { return &w.directory }),
		setting.Key("shell", "Whether /bin/sh carries the command out, which is one text then. Default false.", setting.Bool(), func(w *written) *bool { return &w.shell }),
		setting.Key("timeout", "How long a run may take, after which its process group is killed. Default: as long as it takes.", setting.LongerThanZero(), func(w *written) *time.Duration { return &w.timeout }),
		setting.Key("success", "What makes a run a success: {exit_code: any}, or the codes, such as {exit_code: [0, 1]}. Default 0 alone.", success(), func(w *written) *codes { return &w.codes }),
		setting.Key("retry", "What is tried again. Default: nothing is.", retry.Shape(), func(w *written) *retry.Settings { return &w.retry }),
	)
}

// codes are exit codes that are no failure; none is 0 alone.
type codes struct {
	any  bool
	list []int
}

// good tells whether a program that ended with the code has succeeded.
func (c codes) good(code int) bool {
	return c.any || code == 0 && c.list == nil || slices.Contains(c.list, code)
}

func success() setting.Shape[codes] {
	const anyCode = -1
	read := func(text string) (int, error) {
		if text == "any" {
			return anyCode, nil
		}
		code, err := strconv.Atoi(text)
		if err != nil || code < 0 || code > mostCode {
			return 0, fmt.Errorf("%q is no exit code: write any, or a whole number from 0 to %d", text, mostCode)
		}
		return code, nil
	}
	one := setting.Parsed("any, or an exit code", read, func() *jsonschema.Schema { return setting.Spelled("any|[0-9]{1,3}", "integer") })
	return setting.Object("what makes a run a success",
		setting.Key("exit_code", "any, a code, or a list of them.", setting.Convert(setting.OneOrMore(one), func(_ *setting.Reader, _ setting.Pos, said setting.Several[int]) (codes, bool) {
			list := said.Values()
			return codes{any: slices.Contains(list, anyCode), list: list}, true
		}), func(c *codes) *codes { return c }).Required())
}

// mostCode is the highest exit code that there is.
const mostCode = 255
