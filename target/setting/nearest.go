package setting

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Suggest ends a message about an unknown word: with the known word that was
// probably meant, or else with all of them.
func Suggest(word string, known []string) string {
	if near, found := nearest(word, known); found {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	switch len(known) {
	case 0:
		return ""
	case 1:
		return ", there is only " + known[0]
	}
	last := len(known) - 1
	return ", there are " + strings.Join(known[:last], ", ") + " and " + known[last]
}

// nearest finds the known word with the fewest slips of the keyboard from
// word, if a third of its letters or fewer would be wrong.
func nearest(word string, known []string) (string, bool) {
	best, fewest := "", len(word)+1
	for _, k := range known {
		if max(len(word), len(k)) > 2*min(len(word), len(k)) {
			continue // too far, and word may be very long
		}
		if d := distance(fold(word), fold(k)); d < fewest {
			best, fewest = k, d
		}
	}
	if fewest > max(len(best)/3, 1) || fewest >= len(best) {
		return "", false
	}
	return best, true
}

// Slip finds the known word that one slip of the keyboard makes of word: a
// letter too many, too few, wrong, or swapped with its neighbour.
func Slip(word string, known []string) (string, bool) {
	for _, k := range known {
		if len(word) <= len(k)+utf8.UTFMax && distance([]rune(word), []rune(k)) == 1 {
			return k, true
		}
	}
	return "", false
}

// fold makes alike what people take for the same.
func fold(s string) []rune {
	return []rune(strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(s)))
}

// distance counts the letters to insert, delete, change or swap with their
// neighbour that make b of a (optimal string alignment).
func distance(a, b []rune) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := range a {
		above2, above, row := rows[i%3], rows[(i+1)%3], rows[(i+2)%3]
		row[0] = i + 1
		for j := range b {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], above2[j-1]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
