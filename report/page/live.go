package page

import "io"

// LivePolicy is what a live page may do: what any page may, and ask for events where
// it came from.
func LivePolicy() string { return policy("'self'") }

// WriteLive prints the page that shows a run while it goes on, before anything has
// happened. Its script asks for events at events, and puts the report in its place
// when one brings it.
func WriteLive(w io.Writer, title string) error {
	var p printer
	p.head(title+", live", "", LivePolicy())
	p.raw(`<body data-live><header><h1>`)
	p.text(title)
	p.raw(`</h1><p class=about role=status>under way</header><main id=answer><noscript>While a run goes on this page needs a script; the report that it becomes does not.</noscript></main>`)
	p.tail()
	_, err := p.out.WriteTo(w)
	return err
}
