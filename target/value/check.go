package value

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// Deepest is how many levels of lists and objects JSON may have.
const Deepest = 1000

// WellFormed tells whether a text is one JSON value, of Deepest levels at most.
func WellFormed(raw string) bool {
	return depth(raw) <= Deepest && gjson.Valid(raw) // which calls itself for every level
}

// Check says what keeps a text from being WellFormed, for people.
func Check(raw string) error {
	if WellFormed(raw) {
		return nil
	}
	if depth(raw) > Deepest {
		return fmt.Errorf("it is nested more than %d levels deep", Deepest)
	}
	var any json.RawMessage
	err := json.Unmarshal([]byte(raw), &any)
	var syntax *json.SyntaxError
	switch {
	case !errors.As(err, &syntax):
		return errors.New("it is no JSON")
	case syntax.Offset >= int64(len(raw)):
		return errors.New("it is no JSON: it ends too early")
	}
	return fmt.Errorf("it is no JSON: %v at byte %d", err, syntax.Offset)
}

// depth is how deep lists and objects are nested in what may be JSON.
func depth(raw string) int {
	level, deepest := 0, 0
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			for i++; i < len(raw) && raw[i] != '"'; i++ {
				if raw[i] == '\\' {
					i++
				}
			}
		case '[', '{':
			level++
			deepest = max(deepest, level)
		case ']', '}':
			level--
		}
	}
	return deepest
}
