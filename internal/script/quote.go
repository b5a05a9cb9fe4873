package script

import "strings"

// quote makes one argument a word that a shell hands on as it is.
func quote(arg string, cmd bool) string {
	if cmd {
		return quoteCmd(arg)
	}
	if arg == "" {
		return "''"
	}
	if strings.TrimLeftFunc(arg, plain) == "" {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'"'"'`) + "'"
}

// plain reports whether r means nothing to a shell.
func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-", r)
}

// quoteCmd quotes for the program, which parses its line as C does, and then for
// cmd, which ends a command at a line break (npm and pnpm pass two characters).
func quoteCmd(arg string) string {
	arg = strings.NewReplacer("\r", `\r`, "\n", `\n`).Replace(arg)
	if arg == "" || strings.ContainsAny(arg, " \t\v\"") {
		arg = quoteC(arg)
	}
	var b strings.Builder
	for _, r := range arg {
		if strings.ContainsRune(` !%^&()<>|"`, r) {
			b.WriteByte('^')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// quoteC is the reverse of how C's start-up code on Windows takes a line apart:
// backslashes count only before a quote.
func quoteC(arg string) string {
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for _, r := range arg {
		switch r {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes+1))
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat(`\`, slashes) + `"`)
	return b.String()
}
