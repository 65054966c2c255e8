package template

import (
	"encoding/json"
	"fmt"
)

// plain is a template as data that goes to another process.
type plain struct {
	Parts  []plainPart
	Refs   []Ref
	Source string
}

type plainPart struct {
	Text string
	Hole int
	Raw  bool
	Form form
}

// MarshalJSON is the template as plain data.
func (t Template) MarshalJSON() ([]byte, error) {
	p := plain{Refs: t.refs, Source: t.source}
	for _, q := range t.parts {
		p.Parts = append(p.Parts, plainPart{q.text, q.hole, q.raw, q.form})
	}
	return json.Marshal(p)
}

// UnmarshalJSON reads what MarshalJSON has written.
func (t *Template) UnmarshalJSON(data []byte) error {
	var p plain
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*t = Template{refs: p.Refs, source: p.Source}
	for _, q := range p.Parts {
		if q.Hole < -1 || q.Hole >= len(p.Refs) || q.Form > asJSON {
			return fmt.Errorf("no template has a hole %d of the form %d among %d", q.Hole, q.Form, len(p.Refs))
		}
		t.parts = append(t.parts, part{q.Text, q.Hole, q.Raw, q.Form})
	}
	return nil
}
