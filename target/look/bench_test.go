package look

import (
	"strings"
	"testing"
)

func TestDeepBodiesNeitherHangNorOverflow(t *testing.T) {
	for _, body := range []string{strings.Repeat(`{"a":`, 1<<18), strings.Repeat("[", 1<<20), `{"b":` + strings.Repeat("[", 1<<19) + strings.Repeat("]", 1<<19) + `}`} {
		for _, text := range []string{"json", "json.a.a", "json.0.0", "json.*", "json.b", "json.b.*.*", "json.b.count"} {
			o, _ := Parse(text)
			if v, ok := o.Find(&Answer{Body: []byte(body)}); ok {
				t.Errorf("%s of %.10s… is %v", text, body, v.Kind)
			}
		}
	}
}

func BenchmarkFind(b *testing.B) {
	body := []byte(`{"items":[` + strings.Repeat(`{"id":12345,"name":"some product","price":9.99},`, 20) + `{}],"access_token":"abcdefghijklmnopqrstuvwxyz"}`)
	for _, text := range []string{"json.access_token", "json.items.3.id", "json.items.*.id"} {
		o, _ := Parse(text)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := o.Find(&Answer{Body: body}); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}
