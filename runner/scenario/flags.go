package scenario

import "strings"

// InFlags spells advice for whoever typed flags and wrote no file: keys of a scenario
// file, which advice quotes by backquotes, become the flags of `bench` that do the same;
// of those without a flag it says that they belong into a file.
func InFlags(text string) string {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 { // a quotation that does not end
		return text
	}
	var b strings.Builder
	for i, part := range parts {
		if i%2 == 1 {
			part = inFlags(part)
		}
		b.WriteString(part)
	}
	return b.String()
}

// inFlags is one key, with its value as the case may be: those that putHTTP and putLoad
// write of flags.
func inFlags(key string) string {
	name, value, valued := strings.Cut(key, ": ")
	switch name {
	case "url":
		return value
	case "http":
		if value == "2" {
			return "--http2"
		}
		if value == "1.1" {
			return "it without --http2"
		}
	case "engine", "timeout", "unix", "streams", "connections":
		return strings.TrimSpace("--" + name + " " + value)
	case "errors":
		return "errors (--threshold 'errors <= 100%')"
	case "tls":
		if value == "{insecure: true}" {
			return "-k"
		}
	}
	if valued {
		return "`" + key + "` in a file (--save)"
	}
	return "`" + key + "`"
}
