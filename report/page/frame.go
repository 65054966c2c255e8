package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"strconv"
)

// What draws the charts anew: uPlot 1.6.32 as it was published, and the script that
// gives it the tables' numbers.
var (
	//go:embed uplot/uPlot.iife.min.js
	library string
	//go:embed uplot/uPlot.min.css
	libraryStyle string
	//go:embed script/chart.js
	scriptChart string
	//go:embed script/figures.js
	scriptFigures string
	//go:embed script/tables.js
	scriptTables string
	//go:embed script/live.js
	scriptLive string
	//go:embed script/begin.js
	scriptBegin string
	//go:embed page.css
	style string
)

// script draws the charts of a page anew, out of the tables beside them, to be looked at
// closer; sorts and filters long tables. Without it nothing is missing but that. Nothing
// in it makes markup out of a text: texts are set as texts. It may run again in the same
// window, where a live page becomes the report.
var script = "'use strict';\nvar plimsoll = (() => {\n" +
	scriptChart + scriptFigures + scriptTables + scriptLive + scriptBegin +
	"return { begin, charts, draw, lasting };\n})();\n"

// policy is what a page may do: nothing but look as its own styles say and run the two
// scripts that are in it, which it names by what is in them. connect is where it may
// ask, "" for nowhere.
func policy(connect string) string {
	p := `default-src 'none'; style-src 'unsafe-inline'; script-src ` + hashOf(library) + " " + hashOf(script)
	if connect != "" {
		p += "; connect-src " + connect
	}
	return p + `; base-uri 'none'; form-action 'none'`
}

func hashOf(script string) string {
	sum := sha256.Sum256([]byte(script))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// head prints all before the body.
func (p *printer) head(title, pictures, policy string) {
	p.raw(`<!DOCTYPE html><html lang=en><head><meta charset=utf-8><meta http-equiv=Content-Security-Policy`)
	p.attr("content", policy)
	p.raw(`><meta name=viewport content="width=device-width,initial-scale=1"><meta name=color-scheme content="light dark"><meta name=generator content=plimsoll><title>`)
	p.text(title + " · plimsoll")
	p.raw(`</title><style>`, libraryStyle, style, pictures, `</style></head>`)
}

// tail prints the scripts.
func (p *printer) tail() {
	p.raw(`<script>`, library, `</script><script>`, script, "</script></body></html>\n")
}

// exact is a number as it is.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
