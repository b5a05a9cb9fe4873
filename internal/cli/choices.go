package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"godwit/internal/cli/ui"
)

// choices lets the user pick some of things, by their numbers, under a head. It
// asks until the answer can be read.
func (c *call) choices(head, question string, things []string) (map[int]bool, error) {
	fmt.Fprintln(c.Stderr, head)
	for i, thing := range things {
		fmt.Fprintf(c.Stderr, "  %d) %s\n", i+1, ui.Plain(thing))
	}
	for {
		fmt.Fprint(c.Stderr, question)
		line, err := c.answer()
		if err != nil {
			return nil, errors.New(c.args.Positional[0] + ": no answer; nothing was changed")
		}
		picked, err := pick(strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == ',' }), len(things))
		if err == nil {
			return picked, nil
		}
		fmt.Fprintln(c.Stderr, err)
	}
}

// pick reads the answer: which of n things.
func pick(words []string, n int) (map[int]bool, error) {
	picked := map[int]bool{}
	if len(words) == 0 {
		return nil, errors.New("an answer is needed; Ctrl-C changes nothing")
	}
	for _, word := range words {
		switch i, err := strconv.Atoi(word); {
		case len(words) == 1 && word == "none":
		case len(words) == 1 && word == "all":
			for k := range n {
				picked[k] = true
			}
		case err != nil || i < 1 || i > n:
			return nil, fmt.Errorf("%q is no number from 1 to %d", ui.Plain(word), n)
		default:
			picked[i-1] = true
		}
	}
	return picked, nil
}
