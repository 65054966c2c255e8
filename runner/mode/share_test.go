package mode

import "testing"

// A share of the places, or of the users, is never more than one off another,
// and together they are all.
func TestSharesOfANumber(t *testing.T) {
	for n := 1; n < 9; n++ {
		for total := range 100 {
			sum := 0
			for k := range n {
				part := Share{k, n}.Of(total)
				if part != total/n && part != total/n+1 {
					t.Fatalf("share %d of %d of %d is %d", k, n, total, part)
				}
				sum += part
			}
			if sum != total {
				t.Fatalf("%d shares of %d are %d", n, total, sum)
			}
		}
	}
}

// The parts of a share are the share, and no others' calls: also where other shares
// have other numbers of parts.
func TestPartsOfAShareAreIt(t *testing.T) {
	for _, s := range []Share{{0, 1}, {0, 3}, {2, 3}, {4, 5}} {
		for _, parts := range []int{1, 2, 4} {
			for _, total := range []int{0, 1, 7, 64} {
				sum := 0
				for k := range parts {
					part := s.Part(k, parts)
					if sum += part.Of(total); part.K%s.N != s.K || part.N != s.N*parts {
						t.Errorf("%+v is no part of %+v", part, s)
					}
				}
				if sum != s.Of(total) {
					t.Errorf("%d parts of %+v are %d of %d, want %d", parts, s, sum, total, s.Of(total))
				}
			}
		}
	}
}
