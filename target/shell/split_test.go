package shell_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"plimsoll/target/shell"
)

func TestSplit(t *testing.T) {
	for command, want := range map[string][]string{
		"":                         nil,
		"  \t ":                    nil,
		"sleep 0.1":                {"sleep", "0.1"},
		"\n sleep\t 1 \n":          {"sleep", "1"},
		`a 'b c' d`:                {"a", "b c", "d"},
		`a "b c"d'e f'`:            {"a", "b cde f"},
		`a '' ""`:                  {"a", "", ""},
		`a\ b \'`:                  {"a b", "'"},
		`"\$x \" \\ \a" \$x '$x'`:  {`$x " \ \a`, "$x", "$x"},
		"a \\\nb\"c\\\nd\"":        {"a", "bcd"},
		`awk '{print $1}' f`:       {"awk", "{print $1}", "f"},
		`a b#c x=1 ~ *.go {n}`:     {"a", "b#c", "x=1", "~", "*.go", "{n}"},
		`echo 5$ "5$ " $. ä"ö"`:    {"echo", "5$", "5$ ", "$.", "äö"},
		"curl 'http://h/?a=1&b=2'": {"curl", "http://h/?a=1&b=2"},
	} {
		if got, err := shell.Split(command); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", command, got, err)
		}
	}
}

func TestWhatAShellWouldDo(t *testing.T) {
	for command, want := range map[string]string{
		"ls | wc":          "| means a pipe to a shell, and there is none",
		"a && b":           "& means more than one command",
		"a; b":             "; means more than one command",
		"a > f":            "> means a redirection",
		"echo $HOME":       "$ means an expansion",
		"echo ${HOME}":     "$ means an expansion",
		"echo \"$(date)\"": "$ in double quotes means an expansion",
		"echo `date`":      "` means an expansion",
		"echo \"`date`\"":  "` in double quotes means an expansion",
		"(a)":              "( means more than one command",
		"a # b":            "# at the beginning of a word means a comment",
		"a\nb":             "the end of a line in it means two commands",
		"echo $'a'":        "$ means an expansion",
		"a 'b":             "the quote ' is not closed",
		`a "b\"`:           `the quote " is not closed`,
		`a \`:              "a backslash ends the command",
	} {
		if got, err := shell.Split(command); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v", command, got, err)
		}
	}
}

// shellWords is what the shell itself makes of a command.
func shellWords(command string) ([]string, bool) {
	out, err := exec.Command("/bin/sh", "-c", `printf '%s\0' `+command).Output()
	if err != nil {
		return nil, false
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), true
}

// What is taken apart at all is taken apart as the shell does it.
func TestSplitIsTheShells(t *testing.T) {
	if _, err := exec.LookPath("/bin/sh"); err != nil {
		t.Skip("there is no /bin/sh to compare with")
	}
	piece := rapid.SampledFrom([]string{"a", "b c", " ", "\t", `'`, `"`, `\`, "\\\n", "$", `\$`, "ä", "#", "=", "{n}", "%", "7", "''", `""`, `'x y'`, `"x y"`})
	checked := 0
	rapid.Check(t, func(r *rapid.T) {
		command := "w" + strings.Join(rapid.SliceOfN(piece, 1, 8).Draw(r, "pieces"), "")
		got, err := shell.Split(command)
		if err != nil {
			return
		}
		if want, ok := shellWords(command); !ok || !slices.Equal(got, want) {
			r.Errorf("%q: %q, the shell has %q", command, got, want)
		}
		checked++
	})
	if checked < 10 {
		t.Errorf("only %d commands were compared", checked)
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"", "sleep 1", `a "b c" 'd'`, `a\ b`, `"\$`, "a\\\nb", "\xff'\xfe'"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, command string) {
		words, err := shell.Split(command)
		if err != nil {
			return
		}
		// Quoted as a shell would have it, they are the same words again.
		var quoted []string
		for _, w := range words {
			quoted = append(quoted, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
		}
		again, err := shell.Split(strings.Join(quoted, " "))
		if err != nil || !slices.Equal(again, words) {
			t.Errorf("%q: %q, and again %q, %v", command, words, again, err)
		}
	})
}
