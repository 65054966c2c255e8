package redis

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/target/client"
	"plimsoll/target/kind"
	"plimsoll/target/setting"
	"plimsoll/target/template"
)

// Action is how Redis is asked.
func Action() kind.Action {
	return kind.Action{
		Word: Word, Sort: "a command of Redis",
		Doc:   "The command and its arguments, [GET, \"user:${id}\"], or a list of such: a pipeline, which is one call.",
		Shape: kind.Untyped(commands()),
		Call: func(r *setting.Reader, w *kind.Written) (kind.Call, bool) {
			said := w.At(Word)
			c := &Call{pos: said.Pos}
			for _, words := range kind.Value[[][]template.Template](w, Word) {
				line := make([]template.Template, len(words))
				for i, word := range words {
					line[i] = c.holes.Add(word)
				}
				c.commands = append(c.commands, line)
			}
			c.spell()
			for _, words := range c.commands {
				if why := refused(words[0]); why != "" {
					r.Problem(said.Pos, "%s", why)
					return nil, false
				}
			}
			return c, true
		},
	}
}

// mostCommands bounds a pipeline.
const mostCommands = 10_000

// item is a word of a command, or a command of a pipeline.
type item struct {
	words    []template.Template
	pipeline bool
}

// commands are one, a list of its words, or a list of such.
func commands() setting.Shape[[][]template.Template] {
	word := template.Shape("a word of the command")
	as := func(pipeline bool) func(*setting.Reader, setting.Pos, []template.Template) (item, bool) {
		return func(_ *setting.Reader, _ setting.Pos, words []template.Template) (item, bool) {
			return item{words, pipeline}, true
		}
	}
	single := setting.Convert(word, func(_ *setting.Reader, _ setting.Pos, w template.Template) ([]template.Template, bool) {
		return []template.Template{w}, true
	})
	items := setting.Items(setting.Located(setting.Either("a word, or a command of a pipeline", setting.Forms[item]{
		Scalar: setting.Convert(single, as(false)),
		List:   setting.Convert(setting.Items(word), as(true)),
	})))
	return setting.Either(`a command, such as [GET, "user:1"], or a list of such`, setting.Forms[[][]template.Template]{
		Scalar: setting.Convert(single, alone),
		List:   setting.Convert(items, together),
	})
}

// alone is a command of one word.
func alone(r *setting.Reader, at setting.Pos, words []template.Template) ([][]template.Template, bool) {
	if text := strings.Fields(words[0].String()); len(text) > 1 && !strings.Contains(words[0].String(), "${") {
		r.Problem(at, "nothing takes a command apart: write a list of its words, [%s]", strings.Join(text, ", "))
		return nil, false
	}
	return [][]template.Template{words}, named(r, at, words)
}

// named tells whether a command has a name, and reports one that has none.
func named(r *setting.Reader, at setting.Pos, words []template.Template) bool {
	if words[0].String() != "" {
		return true
	}
	r.Problem(at, `a command is empty: write one such as [GET, "user:1"]`)
	return false
}

// together are the words of one command, or the commands of a pipeline.
func together(r *setting.Reader, at setting.Pos, items []setting.At[item]) (all [][]template.Template, ok bool) {
	if len(items) > mostCommands {
		r.Problem(at, "a pipeline has at most %d commands, and this one %d", mostCommands, len(items))
		return nil, false
	}
	ok = true
	for i, is := range items {
		switch pipeline := items[0].Value.pipeline; {
		case is.Value.pipeline != pipeline:
			r.Problem(is.Pos, "a list holds the words of one command, or one list for each command of a pipeline: here are both")
			return nil, false
		case pipeline:
			all = append(all, is.Value.words)
			ok = named(r, is.Pos, is.Value.words) && ok
		case i == 0:
			all = [][]template.Template{is.Value.words}
			ok = named(r, is.Pos, is.Value.words)
		default:
			all[0] = append(all[0], is.Value.words...)
		}
	}
	return all, ok
}

// untied are the commands after which a connection has no answers to commands any
// more, and why they are refused.
var untied = map[string]string{
	"SUBSCRIBE": "messages come", "PSUBSCRIBE": "messages come", "SSUBSCRIBE": "messages come",
	"MONITOR": "what others ask comes", "SYNC": "the data comes", "PSYNC": "the data comes",
	"HELLO": "another version of the protocol may be spoken",
}

// refused tells why a command cannot be a call; "": it can.
func refused(word template.Template) string {
	text, _ := word.Constant()
	name := strings.ToUpper(text)
	if why, is := untied[name]; is {
		return fmt.Sprintf("after %s %s over the connection, and no answers to calls: it cannot be measured as one", name, why)
	}
	return ""
}

// Shape is how a scenario file spells the target.
func Shape() setting.Shape[kind.Settings] {
	type written struct {
		address, user, password setting.At[string]
		db                      int
		client                  client.Settings
	}
	settings := func(r *setting.Reader, at setting.Pos, w written, own kind.Call) (kind.Settings, bool) {
		ok := w.client.Complete(r, false)
		s := &Settings{
			Address: cmp.Or(w.address.Value, UsualAddress), DB: w.db, User: w.user.Value, Password: w.password.Value,
			Settings: w.client, Scrub: r.Scrub,
		}
		if w.user.Given && !w.password.Given {
			r.Problem(w.user.Pos, "user needs a password beside it: write password: ${REDIS_PASSWORD}, for example")
			ok = false
		}
		if w.address.Valid {
			if err := checkAddress(w.address.Value); err != nil {
				r.Problem(w.address.Pos, "%v", err)
				ok = false
			}
		}
		if own != nil {
			s.Own = own.(*Call)
		}
		return s, ok
	}
	fields := slices.Concat([]setting.Field[written]{
		setting.Key("address", "Where Redis is: HOST:PORT. Default "+UsualAddress+".", setting.Secret(setting.Located(setting.Text("HOST:PORT"))), func(w *written) *setting.At[string] { return &w.address }),
		setting.Key("db", "The number of the database, which connections SELECT. Default 0.", setting.Count(0, 1_000_000), func(w *written) *int { return &w.db }),
		setting.Key("user", "The name that connections AUTH with, beside password. Default: the server's default user.", setting.Secret(setting.Located(setting.Text("a name"))), func(w *written) *setting.At[string] { return &w.user }),
		setting.Key("password", "The password that connections AUTH with. Default: they do not.", setting.Secret(setting.Located(setting.Text("a password"))), func(w *written) *setting.At[string] { return &w.password }),
	}, client.Fields(func(w *written) *client.Settings { return &w.client }))
	return kind.Target("a redis target", Action(), settings, fields...)
}

// checkAddress tells why a text is no address of a server.
func checkAddress(text string) error {
	if scheme, rest, is := strings.Cut(text, "://"); is {
		place, _, _ := strings.Cut(rest[strings.LastIndexByte(rest, '@')+1:], "/")
		return fmt.Errorf("an address has no scheme: write %q without %s://, and db, user and password as keys of their own", place, scheme)
	}
	return client.CheckAddress(text, 6379)
}
