package data

import "plimsoll/target/value"

// Texts are the texts and numbers of a row, in whatever depth: what nobody is to
// see of a secret one.
func (r Row) Texts() []string { return appendTexts(nil, r.Value()) }

func appendTexts(texts []string, v value.Value) []string {
	switch v.Kind {
	case value.Text, value.Number:
		texts = append(texts, v.Text)
	case value.List:
		for _, member := range v.Members() {
			texts = appendTexts(texts, member)
		}
	case value.Object:
		for from, to := range parts(v.Text) {
			field := v.Text[from:to]
			rest := field[pastString(field, 0):]
			texts = appendTexts(texts, value.JSON(rest[1:])) // without the colon
		}
	}
	return texts
}
