//go:build linux

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"plimsoll/runner/scenario"
)

// The scripts of journeys hold the load asked for, and ours are scenario files;
// the page that nginx answers is a kilobyte of JSON.
func TestScriptsOfJourneys(t *testing.T) {
	o := load{url: "http://127.0.0.1:1/", connections: 37, seconds: 3}
	for _, j := range slices.Concat(journeyers, thinkers) {
		c, err := j.at(&lab{keep: t.TempDir()}, o)
		if err != nil || strings.Contains(c.full, "{script}") {
			t.Errorf("%s: %q, %v", c.name, c.full, err)
		}
		if j.script == nil {
			continue
		}
		text := j.script(o)
		if !strings.Contains(text, "37") || !strings.Contains(text, "http://127.0.0.1:1/shop") {
			t.Errorf("%s has another load:\n%s", c.name, text)
		}
		if c.ours() {
			if _, problems := scenario.Parse(j.file, []byte(text), nil, "."); problems != nil {
				t.Errorf("%s: %v", j.file, problems)
			}
		}
	}
	if !json.Valid([]byte(page)) || len(page) < 950 || len(page) > 1050 {
		t.Errorf("a page of %d bytes: %s", len(page), page)
	}
}
