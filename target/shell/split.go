// Package shell takes a command apart into words as a POSIX shell does, and has
// nothing else of a shell: no variables, no patterns, no pipes. What a shell would
// do more than take apart is told, and not passed over in silence.
package shell

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Split are the words of a command. Single quotes keep everything between them,
// double quotes all but a backslash before one of $ ` " \, and a backslash outside
// keeps the character behind it; at the end of a line it joins two.
//
// It is an error if a quote is left open, and if a shell would do what cannot be
// done here: expand a variable, run a second command, redirect.
func Split(command string) ([]string, error) {
	s := &splitter{rest: command}
	for s.rest != "" {
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	s.end()
	return s.words, nil
}

// splitter is how far a command has been taken apart.
type splitter struct {
	rest   string
	words  []string
	word   strings.Builder
	within bool // a word has begun, and be it an empty one in quotes
}

// end ends the word that has begun, if one has.
func (s *splitter) end() {
	if s.within {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.within = false
}

// keep takes some bytes into the word.
func (s *splitter) keep(text string) {
	s.word.WriteString(text)
	s.within = true
}

// next takes in one character, or all that stands in one pair of quotes.
func (s *splitter) next() error {
	_, size := utf8.DecodeRuneInString(s.rest)
	one := s.rest[:size]
	s.rest = s.rest[size:]
	switch {
	case strings.Contains(" \t\n", one):
		if one == "\n" && strings.TrimSpace(s.rest) != "" && (s.within || len(s.words) > 0) {
			return needs("the end of a line in it", "two commands")
		}
		s.end()
	case one == `'`:
		return s.single()
	case one == `"`:
		return s.double()
	case one == `\`:
		return s.escaped()
	case one == "#" && !s.within:
		return needs("# at the beginning of a word", "a comment")
	case strings.Contains("|&;<>()`", one):
		return needs(one, meaning(one))
	case one == "$" && expands(s.rest):
		return needs("$", "an expansion")
	default:
		s.keep(one)
	}
	return nil
}

// single takes in what stands in single quotes.
func (s *splitter) single() error {
	text, rest, closed := strings.Cut(s.rest, `'`)
	if !closed {
		return unclosed(`'`)
	}
	s.keep(text)
	s.rest = rest
	return nil
}

// double takes in what stands in double quotes.
func (s *splitter) double() error {
	s.keep("")
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return nil
		case c == '\\' && i+1 < len(s.rest) && strings.IndexByte("$`\"\\\n", s.rest[i+1]) >= 0:
			i++
			if s.rest[i] != '\n' {
				s.word.WriteByte(s.rest[i])
			}
		case c == '`', c == '$' && expands(s.rest[i+1:]):
			return needs(string(c)+" in double quotes", "an expansion")
		default:
			s.word.WriteByte(c)
		}
	}
	return unclosed(`"`)
}

// escaped takes in what a backslash keeps.
func (s *splitter) escaped() error {
	if s.rest == "" {
		return fmt.Errorf(`a backslash ends the command, and keeps nothing: leave it out, or write '\'`)
	}
	_, size := utf8.DecodeRuneInString(s.rest)
	if s.rest[:size] != "\n" {
		s.keep(s.rest[:size])
	}
	s.rest = s.rest[size:]
	return nil
}

// expands tells whether a dollar sign before this stands for something else.
func expands(behind string) bool {
	if behind == "" {
		return false
	}
	c := behind[0]
	return c == '{' || c == '(' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("@*#?$!-'\"", c) >= 0
}

// meaning is what an operator is to a shell.
func meaning(operator string) string {
	switch operator {
	case "|":
		return "a pipe"
	case "<", ">":
		return "a redirection"
	case "`":
		return "an expansion"
	}
	return "more than one command"
}

func needs(what, meaning string) error {
	return fmt.Errorf("%s means %s to a shell, and there is none: put it in single quotes if it is to be as it stands, or ask for a shell", what, meaning)
}

func unclosed(quote string) error {
	return fmt.Errorf("the quote %s is not closed", quote)
}
