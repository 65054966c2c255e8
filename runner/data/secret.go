package data

// Texts are the texts and numbers of a row, in whatever depth: what nobody is to
// see of a secret one.
func (r Row) Texts() []string { return r.Value().Texts() }
