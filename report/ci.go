package report

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"plimsoll/report/text"
	"plimsoll/report/view"
	"plimsoll/runner/result"
)

// CI is what is known of the machinery that a run was carried out by. What it does
// not tell is empty.
type CI struct {
	Branch, Commit string // of what was tested
	// Summary is a file that a summary of the job in Markdown is appended to.
	Summary string
}

func (c CI) attributes() map[string]string {
	known := map[string]string{}
	for name, value := range map[string]string{"branch": c.Branch, "commit": c.Commit} {
		if value != "" {
			known[name] = value
		}
	}
	return known
}

// asGitHub prints annotations, and appends a summary where there is a file for it.
func asGitHub(w io.Writer, run *result.Run, o Options) error {
	checks, err := o.checks(run)
	if err != nil {
		return err
	}
	views, err := o.views(run)
	if err != nil {
		return err
	}
	var answer []view.Note
	for _, v := range views {
		answer = append(answer, v.Answer...)
	}
	if err := text.GitHub(w, run.File.Name, checks, answer); err != nil || o.CI.Summary == "" {
		return err
	}
	return summarize(run, o)
}

// longestSummary is how many bytes GitHub takes of one step: 1 MiB, and there may be
// some of others.
const longestSummary = 1 << 20

// summarize appends the run as a document to the summary of the job.
func summarize(run *result.Run, o Options) error {
	var document bytes.Buffer
	if err := asMarkdown(&document, run, o); err != nil {
		return err
	}
	file, err := os.OpenFile(o.CI.Summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("cannot append to the job's summary: %w", err)
	}
	before := int64(0)
	if info, err := file.Stat(); err == nil {
		before = info.Size()
	}
	_, err = file.Write(cutSummary(document.Bytes(), longestSummary-before))
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

const summaryCut = "\n\n… the rest is longer than a summary may be: it is in the result\n"

// cutSummary ends a document that is too long behind a whole line, and says so.
func cutSummary(document []byte, room int64) []byte {
	if int64(len(document)) <= room {
		return document
	}
	room -= int64(len(summaryCut))
	if room <= 0 {
		return nil
	}
	kept := document[:room]
	return append(kept[:bytes.LastIndexByte(kept, '\n')+1:len(kept)], summaryCut...)
}

func asOtava(w io.Writer, run *result.Run, o Options) error {
	metrics, err := view.Metrics(run)
	if err != nil {
		return err
	}
	return text.Otava(w, run.Started, metrics, o.CI.attributes())
}
