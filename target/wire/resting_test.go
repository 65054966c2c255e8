package wire

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whoever comes, goes or is dismissed: the pool has those who are there, the one used
// last at its end, and each knows its place.
func TestRestingConnectionsKnowTheirPlaces(t *testing.T) {
	type one struct{ berth }
	rapid.Check(t, func(t *rapid.T) {
		var pool resting[*one]
		there, away := []*one(nil), make([]*one, 9)
		for i := range away {
			away[i] = new(one)
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch {
			case len(away) > 0 && rapid.Bool().Draw(t, "comes"):
				c := away[0]
				away = away[1:]
				pool.keep(0, c)
				there = append(there, c)
			case len(there) > 0 && rapid.Bool().Draw(t, "takes a call"):
				p := pool.pool(0)
				c := (*p)[len(*p)-1]
				*p = (*p)[:len(*p)-1]
				there = slices.DeleteFunc(there, func(o *one) bool { return o == c })
				away = append(away, c)
			case len(there) > 0:
				c := rapid.SampledFrom(there).Draw(t, "goes")
				pool.dismiss(0, c)
				there = slices.DeleteFunc(there, func(o *one) bool { return o == c })
				away = append(away, c)
			}
			for _, c := range away { // who is not there is not missed
				pool.dismiss(0, c)
			}
			if len(pool.all) != len(there) {
				t.Fatalf("%d are there, not %d", len(pool.all), len(there))
			}
			for i, c := range pool.all {
				if c.at != i || !slices.Contains(there, c) {
					t.Fatalf("the one at %d believes to be at %d", i, c.at)
				}
			}
		}
	})
}

// A crowd that goes at once, the first who came first, takes no time for each of the
// others: each is found where it stands.
func BenchmarkCrowdThatGoes(b *testing.B) {
	type one struct{ berth }
	const crowd = 20_000
	for b.Loop() {
		var pool resting[*one]
		all := make([]*one, crowd)
		for i := range all {
			all[i] = new(one)
			pool.keep(0, all[i])
		}
		for _, c := range all {
			pool.dismiss(0, c)
		}
	}
}
