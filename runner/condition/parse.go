package condition

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"plimsoll/target/look"
	"plimsoll/target/quantity"
	"plimsoll/target/setting"
	"plimsoll/target/template"
	"plimsoll/target/value"
)

// Parse reads a condition. In its value, as in any template, ${name} stands for
// a variable and $$ for a dollar sign.
func Parse(text string) (Condition, error) {
	c := Condition{text: strings.TrimSpace(text)}
	left, rest := cutOperand(c.text)
	if strings.HasPrefix(left, "${") {
		return c, fmt.Errorf("the left side of a condition is a name: write %s without ${ }", strings.Trim(left, "${}"))
	}
	word, right := cutOperator(rest)
	var known bool
	if c.op, known = find(word); !known {
		return c, noOperator(c.text, left, word)
	}
	if err := c.left.parse(left); err != nil {
		return c, err
	}
	return c, c.parseRight(right)
}

// cutOperand cuts the left side off: up to a blank or a sign of comparison, of
// which neither counts in quotes.
func cutOperand(text string) (operand, rest string) {
	quoted := false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(" \t\n=!<>", c) >= 0:
			return text[:i], strings.TrimSpace(text[i:])
		}
	}
	return text, ""
}

// cutOperator cuts the operator off: signs, or a word.
func cutOperator(text string) (word, rest string) {
	end := len(text) - len(strings.TrimLeft(text, "=!<>"))
	if end == 0 {
		if end = strings.IndexAny(text, " \t\n[\"'"); end < 0 {
			end = len(text)
		}
	}
	return text[:end], strings.TrimSpace(text[end:])
}

// noOperator says what would be one.
func noOperator(text, left, word string) error {
	const like = "write a condition such as status == 200 or json.id exists"
	switch {
	case text == "":
		return errors.New("the condition is empty: " + like)
	case word == "":
		return fmt.Errorf("%q is no condition, it has no operator: %s", clip(text), like)
	}
	meant := map[string]string{"=": "==", "===": "==", "!==": "!=", "<>": "!=", "=>": ">=", "=<": "<=", "is": "==", "equals": "==", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
		"~": "matches", "has": "contains", "includes": "contains", "absent": "missing", "!": "!="}
	if cure, common := meant[strings.ToLower(word)]; common {
		return fmt.Errorf("%q is no operator, did you mean %q?", word, cure)
	}
	return fmt.Errorf("%q is no operator%s", clip(word), setting.Suggest(word, Operators()))
}

// clip shortens a text that is quoted in a message.
func clip(text string) string {
	const longest = 60
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// parse reads the left side.
func (s *side) parse(text string) (err error) {
	switch word := look.Word(text); {
	case text == "":
		return errors.New("the condition has nothing on its left: write one such as status == 200")
	case text == Time:
		s.of = clock
	case word == Time:
		return errors.New("time has no parts: write time alone")
	case slices.Contains(look.Words(), word):
		s.operand, err = look.Parse(text)
	default:
		s.of = variable
		if s.ref, err = template.ParseName(text); err != nil {
			return fmt.Errorf("%q is neither something of an answer (such as %s) nor the name of a variable", clip(text), strings.Join(look.Words()[:5], ", "))
		}
	}
	return err
}

// parseRight reads what the operator takes.
func (c *Condition) parseRight(text string) error {
	switch c.op.takes {
	case nothing:
		if text != "" {
			return fmt.Errorf("nothing may follow %s, found %q", c.op.word, clip(text))
		}
		return nil
	case pattern:
		return c.parsePattern(text)
	case list:
		items, err := splitList(text)
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := c.addWanted(item); err != nil {
				return err
			}
		}
		return nil
	}
	if text == "" {
		return fmt.Errorf("there is nothing behind %s: write a value, or \"\" for an empty text", c.op.word)
	}
	return c.addWanted(text)
}

func (c *Condition) parsePattern(text string) error {
	t, err := template.Parse(text)
	if err != nil {
		return err
	}
	constant, ok := t.Constant()
	switch {
	case !ok:
		return errors.New("a regular expression cannot have variables in it: write what it is to match")
	case constant == "":
		return errors.New("there is nothing behind matches: write a regular expression such as '^ok$'")
	}
	if c.like, err = regexp.Compile(unquoted(constant)); err != nil {
		return Pattern(unquoted(constant), err)
	}
	return nil
}

// Pattern is the error of a regular expression that does not compile, for
// people.
func Pattern(text string, err error) error {
	message := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	cure := ""
	if strings.Contains(message, "(?<") || strings.Contains(message, "(?=") || strings.Contains(message, "(?!") {
		cure = " (RE2 cannot look around)"
	}
	return fmt.Errorf("the regular expression %q does not compile: %s%s", clip(text), message, cure)
}

// addWanted adds one value of the right side.
func (c *Condition) addWanted(text string) error {
	t, err := template.Parse(unquoted(text))
	if err != nil {
		return err
	}
	constant, ok := t.Constant()
	if !ok {
		c.want = append(c.want, wanted{text: t})
		return nil
	}
	if constant, err = c.checked(constant); err != nil {
		return err
	}
	c.want = append(c.want, wanted{constant: value.Of(constant)})
	return nil
}

var statuses = regexp.MustCompile(`^[1-5][xX]{2}$`)

// checked is a constant on the right, of what is always a number or a time on
// the left.
func (c *Condition) checked(text string) (string, error) {
	if c.op.word == "contains" {
		return text, nil
	}
	switch word := c.left.operand.Word(); {
	case c.left.of == clock:
		_, err := quantity.ParseDuration(text)
		return strings.TrimSpace(text), err
	case c.left.of != answer || value.IsNumber(text):
	case word == "status" && statuses.MatchString(text):
		return "", fmt.Errorf("%q is no status code: write status matches ^%s", text, text[:1])
	case word == "status":
		return "", fmt.Errorf("%q is no status code: write a number such as 200", clip(text))
	case word == "bytes":
		size, err := quantity.ParseSize(text)
		return strconv.FormatInt(size, 10), err
	case word == "rows" || word == "exit_code":
		return "", fmt.Errorf("%s is a number, which %q is not", word, clip(text))
	}
	return text, nil
}

// unquoted takes the quotes off that stand around a value.
func unquoted(text string) string {
	if last := len(text) - 1; last > 0 && (text[0] == '"' || text[0] == '\'') && text[last] == text[0] {
		return text[1:last]
	}
	return text
}

// splitList reads [a, "b, c"].
func splitList(text string) ([]string, error) {
	inner, opened := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if !opened || !closed || strings.TrimSpace(inner) == "" {
		return nil, fmt.Errorf("%q is no list of values behind in: write it as in 'status in [200, 201]'", clip(text))
	}
	var items []string
	quote, from := byte(0), 0
	for i := 0; i <= len(inner); i++ {
		switch {
		case i == len(inner) || quote == 0 && inner[i] == ',':
			item := strings.TrimSpace(inner[from:i])
			if item == "" {
				return nil, errors.New("the list behind in lacks a value beside a comma")
			}
			items, from = append(items, item), i+1
		case quote != 0 && inner[i] == quote:
			quote = 0
		case quote == 0 && (inner[i] == '"' || inner[i] == '\'') && strings.TrimSpace(inner[from:i]) == "":
			quote = inner[i]
		}
	}
	return items, nil
}
