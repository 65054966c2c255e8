package value

import (
	"cmp"
	"strings"
	"time"
)

// Compare tells whether a comes before b (below 0), after it (above 0), or is
// equal: as numbers where both sides read as numbers, exactly, whatever their
// length; as durations where both read as durations ("250ms", "0.3s"); else as
// texts, byte by byte.
func Compare(a, b Value) int {
	x, y := a.String(), b.String()
	if m, ok := readNumber(x); ok {
		if n, ok := readNumber(y); ok {
			return m.compare(n)
		}
	}
	if d, ok := readDuration(x); ok {
		if e, ok := readDuration(y); ok {
			return cmp.Compare(d, e)
		}
	}
	return strings.Compare(x, y)
}

// IsNumber tells whether a text reads as a number.
func IsNumber(text string) bool {
	_, ok := readNumber(text)
	return ok
}

// IsDuration tells whether a text reads as a duration.
func IsDuration(text string) bool {
	_, ok := readDuration(text)
	return ok
}

func readDuration(text string) (time.Duration, bool) {
	if text == "" || !strings.ContainsRune("smh0", rune(text[len(text)-1])) || !strings.ContainsRune("0123456789.+-", rune(text[0])) {
		return 0, false // most texts; ParseDuration would make an error of each
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}

// number is a decimal number as it is written, so that no identifier of 64 bits
// loses its last digits: ± 0.digits × 10^point. There are dots among the digits.
type number struct {
	negative bool
	digits   string // none before the first that counts; empty for zero
	point    int
}

// furthest keeps exponents within what can be added up.
const furthest = 1 << 40

// readNumber reads digits with a sign, a point and an exponent.
func readNumber(text string) (n number, ok bool) {
	rest := text
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		n.negative, rest = rest[0] == '-', rest[1:]
	}
	end := 0
	for end < len(rest) && (isDigit(rest[end]) || rest[end] == '.') {
		end++
	}
	digits, exponent := rest[:end], rest[end:]
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(whole)+len(fraction) == 0 || strings.Contains(fraction, ".") {
		return n, false
	}
	if exponent != "" {
		if n.point, ok = readExponent(exponent); !ok {
			return n, false
		}
	}
	n.digits = strings.TrimLeft(digits, "0.")
	if zeros := len(digits) - len(n.digits); zeros > len(whole) {
		n.point -= zeros - len(whole) - 1 // those behind the point
	} else {
		n.point += len(whole) - zeros
	}
	return n, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// readExponent reads e, a sign, digits.
func readExponent(text string) (point int, ok bool) {
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	digits := text[1:]
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	}
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return 0, false
		}
		point = min(point*10+int(digits[i]-'0'), furthest)
	}
	if negative {
		point = -point
	}
	return point, digits != ""
}

func (n number) compare(m number) int {
	switch {
	case n.sign() != m.sign():
		return cmp.Compare(n.sign(), m.sign())
	case n.negative:
		return m.magnitude(n)
	}
	return n.magnitude(m)
}

func (n number) sign() int {
	switch {
	case n.digits == "":
		return 0
	case n.negative:
		return -1
	}
	return 1
}

// magnitude compares two numbers of the same sign without it.
func (n number) magnitude(m number) int {
	if n.digits == "" {
		return 0
	}
	if c := cmp.Compare(n.point, m.point); c != 0 {
		return c
	}
	for i, j := 0, 0; ; i, j = i+1, j+1 {
		if i < len(n.digits) && n.digits[i] == '.' {
			i++
		}
		if j < len(m.digits) && m.digits[j] == '.' {
			j++
		}
		if i >= len(n.digits) && j >= len(m.digits) {
			return 0
		}
		if c := cmp.Compare(digit(n.digits, i), digit(m.digits, j)); c != 0 {
			return c
		}
	}
}

// digit is the one at a place, 0 behind the last.
func digit(digits string, at int) byte {
	if at < len(digits) {
		return digits[at]
	}
	return '0'
}
