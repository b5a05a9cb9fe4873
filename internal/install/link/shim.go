package link

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// A shim is a small script in node_modules/.bin that runs a file of a package.
// All paths in it are relative to its own directory, so that a project can be
// moved; those of shared slots are absolute for the same reason. It ends with the comment "cmd-shim-target=", by which pnpm knows what
// a shim runs.
type shim struct {
	target   string   // slash path from the shim's directory, or absolute
	nodePath []string // slash paths from the shim's directory, or absolute
	runner
}

// ShimMark comes before the target in the last line of a shim, as pnpm has it.
const ShimMark = "\n# cmd-shim-target="

// runner is what runs a script: a program with arguments before the script. No
// program means that the file is run itself.
type runner struct {
	program string // "node", "/usr/bin/python3"
	args    string // "--expose-gc", or ""
}

// byExtension is cmd-shim's table, for files that have no "#!" line.
var byExtension = map[string]runner{
	".js": {program: "node"}, ".cjs": {program: "node"}, ".mjs": {program: "node"},
	".cmd": {"cmd", "/C"}, ".bat": {"cmd", "/C"},
	".ps1": {program: "pwsh"}, ".sh": {program: "sh"},
}

// runnerOf finds out what runs the file at target whose first line is shebang.
// The line is the package's and goes into scripts, so it counts only if no
// shell sees more in it than words; else the kernel may make of it what it can.
func runnerOf(shebang, target string) runner {
	line, ok := strings.CutPrefix(strings.TrimRight(shebang, "\r\n"), "#!")
	if !ok {
		return byExtension[strings.ToLower(path.Ext(target))]
	}
	words := strings.Fields(line)
	if len(words) > 0 && path.Base(words[0]) == "env" {
		if words = words[1:]; len(words) > 0 && words[0] == "-S" {
			words = words[1:]
		}
		if len(words) > 0 && strings.Contains(words[0], "=") {
			return runner{} // env sets a variable first
		}
	}
	if len(words) == 0 || words[0][0] == '-' {
		return runner{}
	}
	for _, word := range words {
		if strings.Trim(word, plainBytes) != "" {
			return runner{}
		}
	}
	return runner{program: words[0], args: strings.Join(words[1:], " ")}
}

// plainBytes mean themselves in sh, cmd and PowerShell.
const plainBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+:=-"

// words are the arguments of a command line; empty ones are left out.
func words(w ...string) string {
	kept := w[:0]
	for _, s := range w {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return strings.Join(kept, " ")
}

// shHead finds the directory of the shim, through links to it. A dependency's
// command must not stand in for readlink, and node_modules/.bin is first in the
// PATH of scripts: hence command -p. 40 is the kernel's own limit on links.
const shHead = `#!/bin/sh
here=$0
case $here in */*) ;; *) here=./$here ;; esac
hops=0
while [ -L "$here" ] && [ "$hops" -lt 40 ]; do
  hops=$((hops + 1))
  to=$(command -p readlink "$here")
  case $to in /*) here=$to ;; *) here=${here%/*}/$to ;; esac
done
here=$(CDPATH= cd -P -- "${here%/*}" && pwd -P) || exit
`

// shWindows is for the shells of Git and Cygwin: programs of Windows want its
// paths.
const shWindows = `if win=$(command -p cygpath -w "$here" 2>/dev/null); then here=$win; fi
`

// sh is the shim for POSIX shells; on Windows they are those of Git and Cygwin.
func (s *shim) sh(windows bool) string {
	var b strings.Builder
	b.WriteString(shHead)
	separator, suffix := ":", ""
	if windows {
		b.WriteString(shWindows)
		separator, suffix = ";", ".exe"
	}
	if len(s.nodePath) > 0 {
		b.WriteString("NODE_PATH=")
		for i, dir := range s.nodePath {
			if i > 0 {
				b.WriteString("'" + separator + "'")
			}
			b.WriteString(shPath(dir))
		}
		fmt.Fprintf(&b, "${NODE_PATH:+'%s'$NODE_PATH}\nexport NODE_PATH\n", separator)
	}
	if base := s.bare(windows); base != "" {
		if base == path.Base(base) {
			run := words(`exec "$here/`+base+suffix+`"`, s.args, shPath(s.target), `"$@"`)
			fmt.Fprintf(&b, "if [ -x \"$here/%s%s\" ]; then %s; fi\n", base, suffix, run)
		}
		b.WriteString(words("exec", base, s.args, shPath(s.target), `"$@"`))
	} else {
		b.WriteString(words("exec", shPath(s.target), `"$@"`))
	}
	fmt.Fprintf(&b, "%s%s\n", ShimMark, oneLine(s.target))
	return b.String()
}

// bare is the program to call; on Windows no absolute path of POSIX exists.
func (s *shim) bare(windows bool) string {
	if windows && s.program != "" {
		return path.Base(s.program)
	}
	return s.program
}

// shPath quotes a path from the shim's directory for sh.
func shPath(rel string) string {
	quoted := "'" + strings.ReplaceAll(rel, "'", `'\''`) + "'"
	if filepath.IsAbs(rel) {
		return quoted
	}
	return `"$here"/` + quoted
}

// oneLine keeps a comment from going on as code on the next line.
func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }

// cmd is the shim for cmd.exe. %~dp0 is its directory with a backslash behind.
func (s *shim) cmd() string {
	var b strings.Builder
	b.WriteString("@ECHO OFF\r\nSETLOCAL\r\n")
	if len(s.nodePath) > 0 {
		b.WriteString(`SET "NODE_PATH=`)
		for _, dir := range s.nodePath {
			b.WriteString(cmdPath(dir) + ";")
		}
		b.WriteString("%NODE_PATH%\"\r\n")
	}
	target := `"` + cmdPath(s.target) + `"`
	if base := s.bare(true); base != "" {
		fmt.Fprintf(&b, "SET \"_program=%s\"\r\n", base)
		fmt.Fprintf(&b, "IF EXIST \"%%~dp0%s.exe\" SET \"_program=%%~dp0%s.exe\"\r\n", base, base)
		// Else "node" could find a node.js in the current directory.
		b.WriteString("SET PATHEXT=%PATHEXT:;.JS;=;%\r\n")
		b.WriteString(words(`"%_program%"`, s.args, target, "%*"))
	} else {
		b.WriteString(words(target, "%*"))
	}
	b.WriteString("\r\n")
	return b.String()
}

func cmdPath(rel string) string {
	here := "%~dp0"
	if filepath.IsAbs(rel) {
		here = ""
	}
	return here + strings.ReplaceAll(strings.ReplaceAll(oneLine(rel), "/", `\`), "%", "%%")
}

// ps1 is the shim for PowerShell. It runs in the caller's process, so it puts
// NODE_PATH back.
func (s *shim) ps1() string {
	var b strings.Builder
	b.WriteString("#!/usr/bin/env pwsh\n$here = Split-Path $MyInvocation.MyCommand.Definition -Parent\n")
	b.WriteString("$code = 0\n$nodePath = $env:NODE_PATH\n")
	b.WriteString("$exe, $separator = '', ':'\nif ($PSVersionTable.PSVersion -lt '6.0' -or $IsWindows) { $exe, $separator = '.exe', ';' }\n")
	b.WriteString("try {\n")
	if len(s.nodePath) > 0 {
		dirs := make([]string, len(s.nodePath))
		for i, dir := range s.nodePath {
			dirs[i] = psPath(dir)
		}
		fmt.Fprintf(&b, "  $env:NODE_PATH = (@(%s) + @($nodePath | Where-Object { $_ })) -join $separator\n", strings.Join(dirs, ", "))
	}
	call := words("&", psPath(s.target), "$args")
	if base := s.bare(true); base != "" {
		fmt.Fprintf(&b, "  $program = \"$here/%s$exe\"\n  if (!(Test-Path $program)) { $program = \"%s$exe\" }\n", base, base)
		call = words("&", "$program", s.args, psPath(s.target), "$args")
	}
	fmt.Fprintf(&b, "  if ($MyInvocation.ExpectingInput) { $input | %s } else { %s }\n", call, call)
	b.WriteString("  $code = $LASTEXITCODE\n} finally {\n  $env:NODE_PATH = $nodePath\n}\nexit $code\n")
	return b.String()
}

// psPath quotes a path from the shim's directory as one PowerShell expression.
func psPath(rel string) string {
	quoted := strings.ReplaceAll(oneLine(rel), "'", "''")
	if filepath.IsAbs(rel) {
		return "'" + quoted + "'"
	}
	return "($here + '/" + quoted + "')"
}

// newShim is the shim in dir for b, whose first line is shebang.
func (l *Linker) newShim(b *Bin, shebang string) *shim {
	s := &shim{target: filepath.ToSlash(l.route(b.Dir, b.Target)), runner: runnerOf(shebang, b.Target)}
	for _, dir := range b.NodePath {
		s.nodePath = append(s.nodePath, filepath.ToSlash(l.route(b.Dir, dir)))
	}
	return s
}
