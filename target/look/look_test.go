package look

import (
	"testing"

	"plimsoll/target/value"
)

func TestFind(t *testing.T) {
	body := `{"a":1.50,"token":"x\"y","hits":[{"id":"p1","tags":["a","b"]},{"id":2,"tags":[]},{}],"a.b":{"*":true},"nil":null,"count":7,"10":"ten"}`
	a := &Answer{Status: 201, Body: []byte(body), Head: []byte("Content-Type: text/plain\r\nx-a: 1\r\nX-A:  2 \r\nSet-Cookie: sid=abc; Path=/\r\nSet-Cookie: sid=\"d=f\"\r\nEmpty:\r\n")}
	for text, want := range map[string]value.Value{
		"status": {Kind: value.Number, Text: "201"}, "body": value.Of(body), "bytes": {Kind: value.Number, Text: "134"},
		"json.a":              {Kind: value.Number, Text: "1.50"},
		"json.token":          value.Of(`x"y`),
		"json.hits.0.id":      value.Of("p1"),
		"json.hits.*.id":      {Kind: value.List, Text: `["p1",2]`},
		"json.hits.*.gone":    {Kind: value.List, Text: `[]`},
		`json."a.b"."*"`:      {Kind: value.Bool, Text: "true"},
		`json."a.b"`:          {Kind: value.Object, Text: `{"*":true}`},
		"json.nil":            {Kind: value.Null},
		"json.count":          {Kind: value.Number, Text: "7"},
		"json.hits.count":     {Kind: value.Number, Text: "3"},
		"json.hits.last":      {Kind: value.Object, Text: "{}"},
		"json.10":             value.Of("ten"),
		"json.hits.0.tags.*":  {Kind: value.List, Text: `["a","b"]`},
		"json.hits.*":         {Kind: value.List, Text: `[{"id":"p1","tags":["a","b"]},{"id":2,"tags":[]},{}]`},
		"json.hits.*.tags.*":  {Kind: value.List, Text: `["a","b"]`},
		"header.content-type": value.Of("text/plain"),
		"header.X-A":          value.Of("1, 2"),
		"header.Empty":        value.Of(""),
		"cookie.sid":          value.Of("d=f"),
		// There is nothing:
		"json.gone": {}, "json.a.b": {}, "json.a.*": {}, "json.gone.*": {}, "json.nil.*": {}, "json.hits.9": {}, "json.hits.#": {}, "json.@this": {},
		"json.hits.18446744073709551616": {}, "json.h*": {}, "json.hits|0": {}, "header.Content": {}, "cookie.si": {}, "rows": {}, "row.x": {},
	} {
		o, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, ok := o.Find(a); got != want || ok != (want.Kind != value.None) {
			t.Errorf("%s is %+v (%v), want %+v", text, got, ok, want)
		}
	}
}
