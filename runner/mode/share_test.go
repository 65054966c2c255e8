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
