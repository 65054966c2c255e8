package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// spoken says what was spoken with the target, over how many connections, and how
// often hands were shaken for that; none where nobody has told.
func (g *Group) spoken() []Note {
	connections := map[string]int64{}
	for _, t := range g.Trials {
		for protocol, n := range t.Connections {
			connections[protocol] += n
		}
	}
	var parts []string
	for _, protocol := range slices.Sorted(maps.Keys(connections)) {
		parts = append(parts, Clean(protocol)+" over "+plural(connections[protocol], "connection"))
	}
	if tls := g.handshakes(); tls.Handshakes > 0 {
		shaken := plural(tls.Handshakes, "TLS handshake")
		if tls.Resumed > 0 {
			shaken += fmt.Sprintf(", of which %d resumed", tls.Resumed)
		}
		parts = append(parts, shaken)
	}
	if len(parts) == 0 {
		return nil
	}
	text := strings.Join(parts, ", ")
	if n := len(g.Trials); n > 1 {
		text += fmt.Sprintf(", in %d repetitions together", n)
	}
	return []Note{{Plain, text}}
}
