package runner

import (
	"fmt"

	"plimsoll/runner/crawl"
	"plimsoll/runner/drive"
	"plimsoll/runner/scenario"
)

// pages is a page's call, made ready, that knows its server.
type pages interface {
	// Page is the normal URL of a path at the server, or of a whole URL.
	Page(text string) (string, error)
}

// crawlOf makes ready what a trial visits; nil where it visits nothing.
func crawlOf(t scenario.Trial, o opened) (*drive.Crawl, error) {
	asked := t.Scenario.Crawl
	if asked == nil {
		return nil, nil
	}
	call, err := o[0].Prepare(asked.Call())
	if err != nil {
		return nil, fmt.Errorf("crawl: %w", err)
	}
	at, ok := call.(pages)
	if !ok {
		return nil, fmt.Errorf("crawl: the target %s has no pages", o[0].name)
	}
	var start []string
	for _, text := range asked.Start {
		url, err := at.Page(text)
		if err != nil {
			return nil, fmt.Errorf("crawl: the page to start at, %q, %w", text, err)
		}
		start = append(start, url)
	}
	return &drive.Crawl{Frontier: crawl.New(asked.Rules, start), Call: call}, nil
}
