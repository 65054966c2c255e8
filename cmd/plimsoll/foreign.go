package main

import "strings"

// The flags of other tools (hey, wrk, vegeta, oha, ab, k6, curl, hyperfine), by command
// and without their dashes, and what is meant here.
var (
	foreignToBench = map[string]string{
		"X": "-m METHOD", "request": "-m METHOD",
		"z": "-d TIME", "time": "-d TIME",
		"q": "-r RATE, in all and not for each worker", "qps": "-r RATE", "rps": "-r RATE", "R": "-r RATE", "constant-rate": "-r RATE",
		"t": "--loops N for wrk's threads, and --timeout TIME for the time-out of others", "threads": "--loops N",
		"w": "-c N, and of programs --warmup-runs N", "workers": "-c N", "max-workers": "-c N", "connections": "-c N", "clients": "-c N", "users": "-c N", "vus": "-c N", "u": "-c N for k6's users; the URL stands by itself",
		"i": "-n N, and of programs --ignore-failure", "iterations": "-n N", "number": "-n N",
		"s": "a scenario file: --save writes one to start from, plimsoll run carries it out", "script": "a scenario file: --save writes one to start from, plimsoll run carries it out",
		"stage": "stages in a scenario file: --save writes one to start from", "stages": "stages in a scenario file: --save writes one to start from",
		"T": "-H 'Content-Type: TYPE'", "A": "-H 'Accept: TYPE'", "content-type": "-H 'Content-Type: TYPE'", "accept": "-H 'Accept: TYPE'",
		"a": "http://USER:PASSWORD@HOST", "auth": "http://USER:PASSWORD@HOST", "user": "http://USER:PASSWORD@HOST", "basic-auth": "http://USER:PASSWORD@HOST",
		"D": "--body @FILE", "p": "--body @FILE, and of programs --prepare COMMAND", "body-file": "--body @FILE", "data": "--body TEXT", "b": "--body TEXT",
		"o": "--out DIR for the result, or --write KIND=FILE", "output": "--out DIR for the result, or --write KIND=FILE",
		"L": "nothing: percentiles are always shown, and of programs --vary NAME=VALUE,VALUE", "latency": "nothing: percentiles are always shown", "latencies": "nothing: percentiles are always shown",
		"targets": "a scenario file with calls: --save writes one to start from", "url": "the URL by itself, without a flag",
		"disable-keepalive": "-H 'Connection: close'", "no-tui": "--quiet", "h2": "--http2",
		"summary-export": "--write json=FILE",
		"runs":           "-n N", "min-runs": "-d TIME, or -n N for a number of runs", "N": "nothing: there is no shell unless --shell asks for one",
		"parameter-list": "--vary NAME=VALUE,VALUE", "parameter-scan": "--vary NAME=VALUE,VALUE", "export-markdown": "--write markdown=FILE",
		"export-json": "--write json=FILE", "export-csv": "--write csv=FILE",
	}
	foreignToRun = map[string]string{
		"vus": inFile("concurrent: N"), "u": inFile("concurrent: N"), "c": inFile("concurrent: N"), "concurrency": inFile("concurrent: N"),
		"iterations": inFile("requests: N"), "i": inFile("requests: N"), "n": inFile("requests: N"), "requests": inFile("requests: N"),
		"d": inFile("duration: TIME"), "z": inFile("duration: TIME"), "duration": inFile("duration: TIME"),
		"r": inFile("rate-limited: RATE"), "q": inFile("rate-limited: RATE"), "rate": inFile("rate-limited: RATE"), "rps": inFile("rate-limited: RATE"),
		"stage": inFile("stages"), "s": inFile("stages"), "threshold": inFile("thresholds"), "repeat": inFile("repeat: N"),
		"f": "the file by itself, without a flag", "file": "the file by itself, without a flag",
		"o": "--out DIR for the result, or --write KIND=FILE", "output": "--out DIR for the result, or --write KIND=FILE",
		"junit": "--write junit=FILE", "json": "--format json, or --write json=FILE", "summary-export": "--write json=FILE", "charts": "nothing: they are in the result directory",
	}
	foreignToServe = map[string]string{"port": "--addr HOST:PORT", "p": "--addr HOST:PORT", "listen": "--addr HOST:PORT", "host": "--addr HOST:PORT", "l": "--addr HOST:PORT"}
)

func inFile(key string) string { return "`" + key + "` in the scenario file" }

// foreign is what another tool's flag is called by a command of ours.
func foreign(command, flag string) (string, bool) {
	meant, known := map[string]map[string]string{"bench": foreignToBench, "run": foreignToRun, "serve": foreignToServe}[command][strings.TrimLeft(flag, "-")]
	return meant, known
}
