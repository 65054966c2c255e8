package view

import (
	"fmt"
	"strings"

	"plimsoll/runner/result"
)

// again is the command that carries a run out once more; none where its scenarios came
// from no file: from standard input, or from a bench's flags.
func again(run *result.Run) []Fact {
	name := run.File.Name
	if name == "" || name == "stdin" || name == "bench" || name != Clean(name) {
		return nil
	}
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	command := "plimsoll run " + quoted(name)
	for _, only := range run.Only {
		command += " --only " + quoted(only)
	}
	return []Fact{{"again", fmt.Sprintf("%s --seed %d", command, run.Seed)}}
}

// quoted is a text as one word of a shell's.
func quoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,@%+=", r)
	}
	if text != "" && strings.TrimFunc(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
