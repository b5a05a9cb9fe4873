package untar

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// npmScript unpacks DIR/*.tar as npm does and prints what it got.
const npmScript = `
const [tarPath, dir] = process.argv.slice(1), fs = require('fs'), path = require('path')
const tar = require(tarPath), found = {}
for (const name of fs.readdirSync(dir).filter(f => f.endsWith('.tar'))) {
	const cwd = path.join(dir, name + '.d'), files = found[name] = {}
	fs.mkdirSync(cwd)
	try {
		tar.x({ file: path.join(dir, name), cwd, strip: 1, sync: true, preserveOwner: false, noMtime: true,
			filter: (_, entry) => /File$/.test(entry.type), onwarn() {} })
	} catch {}
	for (const e of fs.readdirSync(cwd, { recursive: true, withFileTypes: true })) {
		if (!e.isFile()) continue
		const file = path.join(e.parentPath, e.name)
		const exec = fs.statSync(file).mode & 0o111 ? '*' : ''
		files[path.relative(cwd, file) + exec] = fs.readFileSync(file, 'latin1')
	}
}
console.log(JSON.stringify(found))
`

// TestAgreesWithNpm unpacks the archives of TestArchives with the library of the
// npm that is installed here.
func TestAgreesWithNpm(t *testing.T) {
	npm, err := exec.LookPath("npm")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("needs npm on a system with modes")
	}
	if npm, err = filepath.EvalSymlinks(npm); err != nil {
		t.Skip(err)
	}
	library := filepath.Join(filepath.Dir(filepath.Dir(npm)), "node_modules", "tar")
	if _, err := os.Stat(library); err != nil {
		t.Skip("this npm keeps its tar library elsewhere")
	}
	dir := t.TempDir()
	tests := archiveTests()
	for i, tt := range tests {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)+".tar"), tt.data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("node", "-e", npmScript, library, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]map[string]string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i, tt := range tests {
		files := tt.files
		if tt.npm != nil {
			files = tt.npm
		}
		want := make(map[string]string)
		for _, f := range files {
			at := strings.LastIndexByte(f, '=')
			want[f[:at]] = f[at+1:]
		}
		if got := got[strconv.Itoa(i)+".tar"]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n npm %q\nhere %q", tt.name, got, want)
		}
	}
}
