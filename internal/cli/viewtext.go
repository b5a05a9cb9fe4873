package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"godwit/internal/cli/ui"
	"godwit/internal/project"
)

// describe writes what people want to know about a version, in the form that npm
// and pnpm share.
func (c *call) describe(b *strings.Builder, v project.Node) {
	if c.ofNpm() {
		b.WriteByte('\n')
	}
	field := func(path string) string { return v.At(path).Text }
	license := field("license")
	if license == "" {
		license = field("license.type")
	}
	if license == "" {
		license = "Proprietary"
	}
	deps := "none"
	if n := len(v.Field("dependencies").Fields); n > 0 {
		deps = strconv.Itoa(n)
	}
	fmt.Fprintf(b, "%s@%s | %s | deps: %s | versions: %d\n", field("name"), field("version"), license, deps, len(v.Field("versions").Items))
	for _, line := range []string{field("description"), field("homepage")} {
		if line != "" {
			b.WriteString(line + "\n")
		}
	}
	if text := field("deprecated"); text != "" {
		fmt.Fprintf(b, "\nDEPRECATED - %s\n", text)
	}
	if words := v.Field("keywords").Strings(); len(words) > 0 && !c.ofNpm() {
		fmt.Fprintf(b, "\nkeywords: %s\n", strings.Join(words, ", "))
	}
	if bins := v.Field("bin"); len(bins.Fields) > 0 {
		var names []string
		for _, f := range bins.Fields {
			names = append(names, f.Key)
		}
		fmt.Fprintf(b, "\nbin: %s\n", strings.Join(names, ", "))
	}
	b.WriteString("\ndist\n")
	for _, key := range []string{"tarball", "shasum", "integrity"} {
		if text := field("dist." + key); text != "" {
			fmt.Fprintf(b, ".%s: %s\n", key, text)
		}
	}
	if size := v.At("dist.unpackedSize"); size.Kind == project.Number {
		fmt.Fprintf(b, ".unpackedSize: %s\n", decimalSize(size.Text))
	}
	writeViewLists(b, v)
	c.writePublished(b, v)
}

// shownDeps is how many dependencies npm shows.
const shownDeps = 24

func writeViewLists(b *strings.Builder, v project.Node) {
	if deps := v.Field("dependencies").Fields; len(deps) > 0 {
		b.WriteString("\ndependencies:\n")
		for _, f := range deps[:min(len(deps), shownDeps)] {
			fmt.Fprintf(b, "%s: %s\n", f.Key, f.Value.Text)
		}
		if more := len(deps) - shownDeps; more > 0 {
			fmt.Fprintf(b, "(...and %d more.)\n", more)
		}
	}
	if people := v.Field("maintainers").Items; len(people) > 0 {
		b.WriteString("\nmaintainers:\n")
		for _, p := range people {
			fmt.Fprintf(b, "- %s\n", person(p))
		}
	}
	if tags := v.Field("dist-tags").Fields; len(tags) > 0 {
		b.WriteString("\ndist-tags:\n")
		for _, f := range tags {
			fmt.Fprintf(b, "%s: %s\n", f.Key, f.Value.Text)
		}
	}
}

// writePublished tells when, and by whom if that is known.
func (c *call) writePublished(b *strings.Builder, v project.Node) {
	when := v.Field("time").Field(v.Field("version").Text).Text
	if i := slices.IndexFunc(v.Field("time").Fields, func(f project.Field) bool { return f.Key == v.Field("version").Text }); i < 0 {
		return
	}
	at, err := time.Parse(time.RFC3339, when)
	if err != nil {
		return
	}
	by := v.Field("_npmUser")
	if by.Kind == project.Missing && !c.ofNpm() {
		by = v.Field("author")
	}
	text := "\npublished " + ago(c.Now().Sub(at))
	if who := person(by); who != "" {
		text += " by " + who
	}
	b.WriteString(text + "\n")
}

// person is a name and an address, as npm writes people.
func person(n project.Node) string {
	if n.Kind == project.String {
		return n.Text
	}
	text := n.Field("name").Text
	if email := n.Field("email").Text; email != "" {
		text = strings.TrimSpace(text + " <" + email + ">")
	}
	return text
}

// ago is a time that has gone by, in the largest unit of which there is one.
func ago(d time.Duration) string {
	const day = 24 * time.Hour
	for _, unit := range []struct {
		d    time.Duration
		name string
	}{{365 * day, "year"}, {30 * day, "month"}, {7 * day, "week"}, {day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int(d / unit.d); n > 0 {
			return ui.Count(n, unit.name) + " ago"
		}
	}
	return "just now"
}

// decimalSize is a number of bytes for people.
func decimalSize(text string) string {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 1000 {
		return text + " B"
	}
	for _, unit := range []string{"kB", "MB", "GB"} {
		if n /= 1000; n < 1000 || unit == "GB" {
			return strconv.FormatFloat(n, 'f', 1, 64) + " " + unit
		}
	}
	return text
}
