package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"godwit/internal/cli/ui"
)

// found is a package that a search found; any field may be missing.
type found struct {
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Description string   `json:"description"`
	Keywords    []string `json:"keywords"`
	Date        string   `json:"date"`
	Links       struct {
		Page     string `json:"npm"`
		Homepage string `json:"homepage"`
	} `json:"links"`
	Publisher struct {
		Username string `json:"username"`
	} `json:"publisher"`
	Maintainers []struct {
		Username string `json:"username"`
	} `json:"maintainers"`

	raw json.RawMessage
}

// runSearch is the command search: packages of the default registry by words about
// them, in npm's text or pnpm's, with the page that the registry names.
func runSearch(ctx context.Context, c *call) error {
	words := c.arguments()
	if len(words) == 0 {
		return &searchError{}
	}
	e, err := c.endpointOf("")
	if err != nil {
		return err
	}
	query := url.Values{"text": {strings.Join(words, " ")}, "size": {fmt.Sprint(c.cfg.Settings.Call.SearchLimit)}}
	if c.likeNpm() { // its weights
		query["from"], query["quality"], query["popularity"], query["maintenance"] = []string{"0"}, []string{"0.65"}, []string{"0.98"}, []string{"0.5"}
	}
	var answer struct {
		Objects []struct {
			Package json.RawMessage `json:"package"`
		} `json:"objects"`
	}
	if _, err := e.send(ctx, "", "-/v1/search?"+query.Encode(), nil, &answer); err != nil {
		return err
	}
	packages := []*found{}
	for _, o := range answer.Objects {
		p := &found{raw: o.Package}
		if err := json.Unmarshal(o.Package, p); err != nil {
			return fmt.Errorf("the registry's answer to a search: %w", err)
		}
		if !c.excluded(p) {
			packages = append(packages, p)
		}
	}
	return c.writeFound(packages, strings.Join(words, " "))
}

// excluded reports whether a word of searchexclude is in what a package says.
func (c *call) excluded(p *found) bool {
	text := strings.ToLower(strings.Join(append([]string{p.Name, p.Description}, p.Keywords...), " "))
	return slices.ContainsFunc(strings.Fields(strings.ToLower(c.cfg.Settings.Call.SearchExclude)), func(word string) bool {
		return strings.Contains(text, word)
	})
}

func (c *call) writeFound(packages []*found, words string) error {
	s := &c.cfg.Settings.Call
	if s.JSON {
		raw := []json.RawMessage{}
		for _, p := range packages {
			raw = append(raw, p.raw)
		}
		return writeJSON(c.Stdout, raw)
	}
	var b strings.Builder
	switch {
	case s.Parseable:
		for _, p := range packages {
			b.WriteString(p.columns() + "\n")
		}
		_, err := io.WriteString(c.Stdout, b.String()) // the tabs between columns are ours
		return err
	case len(packages) == 0 && c.likeNpm():
		fmt.Fprintf(&b, "No matches found for %q\n", words)
	case len(packages) == 0:
		b.WriteString("No packages found\n")
	case c.likeNpm():
		for _, p := range packages {
			b.WriteString(p.text(" ", "???") + "\n")
		}
	default:
		for i, p := range packages {
			if i > 0 {
				b.WriteString("\n")
			}
			b.WriteString(p.text(", ", ""))
		}
	}
	_, err := io.WriteString(c.Stdout, ui.Plain(b.String()))
	return err
}

// day is the date of publication without the time.
func (p *found) day() string { day, _, _ := strings.Cut(p.Date, "T"); return day }

// columns is npm's line for programs: what there is, and the keywords.
func (p *found) columns() string {
	var out []string
	for _, v := range []string{p.Name, p.Description, p.day(), p.Version} {
		if v != "" {
			out = append(out, ui.Plain(strings.NewReplacer("\t", " ", "\n", " ").Replace(v)))
		}
	}
	return strings.Join(append(out, ui.Plain(strings.Join(p.Keywords, ","))), "\t")
}

// text is some lines about a package. Where nobody is known to have published it,
// unknown stands for that; "" leaves it out, and the maintainers who are not there.
func (p *found) text(between, unknown string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", p.Name)
	if p.Description != "" {
		line("%s", p.Description)
	}
	by := p.Publisher.Username
	if by == "" {
		by = unknown
	}
	if by != "" {
		by = " by " + by
	}
	line("Version %s published %s%s", p.Version, p.day(), by)
	var names []string
	for _, m := range p.Maintainers {
		names = append(names, m.Username)
	}
	if len(names) > 0 || unknown != "" {
		line("Maintainers: %s", strings.Join(names, between))
	}
	if len(p.Keywords) > 0 {
		line("Keywords: %s", strings.Join(p.Keywords, between))
	}
	if page := p.Links.Page; page != "" {
		line("%s", page)
	} else if p.Links.Homepage != "" {
		line("%s", p.Links.Homepage)
	}
	return b.String()
}

// searchError is a search for nothing.
type searchError struct{}

func (*searchError) Error() string { return "search wants words to look for" }
func (*searchError) Code() string  { return "ERR_PNPM_MISSING_SEARCH_QUERY" }

// Hint is what the user can do.
func (*searchError) Hint() string { return "for example: godwit search pad string" }
