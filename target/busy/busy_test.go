package busy

import "testing"

func TestMinute(t *testing.T) {
	for text, want := range map[string]struct {
		average float64
		told    bool
	}{
		"1.13 0.98 0.90 2/102 21968\n": {1.13, true},
		"17.4 14.4 8.9 6/133 30612\n":  {17.4, true},
		"":                             {0, false},
		"busy":                         {0, false},
	} {
		if average, told := minute(text); average != want.average || told != want.told {
			t.Errorf("%q: %v, %v", text, average, told)
		}
	}
}
