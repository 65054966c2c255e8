package setting

// Secrets are values that turn out to be secret while something goes on, such as
// the token that a login is answered with.
type Secrets struct{ secrets secrets }

// Add has a value hidden from now on, under a name.
func (s *Secrets) Add(name, value string) { s.secrets.add(name, value) }

// Scrub puts ${name} where a value stands, however it is spelled.
func (s *Secrets) Scrub(text string) string { return s.secrets.scrub(text) }
