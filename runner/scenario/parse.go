// Package scenario reads scenario files: it parses the YAML, checks that what
// stands there can be done, and makes a Plan of trials.
//
//	text ─▶ setting.Reader.Load ─▶ fileShape ─▶ drafts (what was written, and where) ─▶ checks ─▶ Plan
//
// The shapes are both the parser and the JSON Schema. A draft keeps the place
// of every value, so that each check can point at the one that is wrong; all
// mistakes in a file are reported at once.
package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"plimsoll/runner/result"
	"plimsoll/target/setting"
)

// Parse reads the scenario file called name. Environment variables are looked
// up with env; files that are named in it count from dir. The plan is nil
// when there are problems.
func Parse(name string, text []byte, env func(string) (string, bool), dir string) (*Plan, Problems) {
	return ParseAlone(name, text, env, dir, nil)
}

// ParseSent is Parse of a text that somebody else has sent: what it names outside of
// dir is a problem, and is not looked at.
func ParseSent(name string, text []byte, env func(string) (string, bool), dir string) (*Plan, Problems) {
	r := setting.NewReader(env, dir)
	r.Confine()
	return planBy(r, name, text, nil)
}

// ParseAlone is Parse where one journey is all there is to do; nil: all is.
func ParseAlone(name string, text []byte, env func(string) (string, bool), dir string, alone *Alone) (*Plan, Problems) {
	return planBy(setting.NewReader(env, dir), name, text, alone)
}

func planBy(r *setting.Reader, name string, text []byte, alone *Alone) (*Plan, Problems) {
	var plan *Plan
	if root := r.Load(text); root != nil {
		f, _ := fileShape().Read(r, root)
		f.alone = alone
		plan = f.plan(r)
	}
	if found := r.Problems(); len(found) > 0 {
		return nil, newProblems(name, r.Lines(), found)
	}
	sum := sha256.Sum256(text)
	plan.File = result.File{Name: name, SHA256: hex.EncodeToString(sum[:]), Text: r.Scrub(string(text))}
	plan.Scrub, plan.Names = r.Scrubber(), r.Named()
	plan.Warnings = newProblems(name, r.Lines(), r.Warnings())
	return plan, nil
}

// Schema is the JSON Schema (draft 2020-12) of the scenario file, for editors.
func Schema() ([]byte, error) {
	schema := setting.Document("plimsoll scenario file", fileShape())
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	return append(text, '\n'), nil
}
