package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"godwit/internal/sbom"
)

const sbomHelp = `The bill has the form of npm in npm's projects, elsewhere that of pnpm. Licenses are
those that licenses tells, by SPDX's identifiers where they have one.
    godwit sbom --sbom-format=cyclonedx --omit=dev   what goes into production
    godwit sbom --sbom-format=spdx --lockfile-only   without what is installed
    godwit sbom --sbom-format=spdx --split --out=bills/%s.json`

// runSBOM is the command sbom.
func runSBOM(_ context.Context, c *call) error {
	s := &c.cfg.Settings.Bill
	switch {
	case s.Format == "":
		return &usageError{"nothing says which form the bill is to have", "add --sbom-format=cyclonedx or --sbom-format=spdx"}
	case s.Format == "spdx" && s.Spec != "":
		return &refusedError{what: "--sbom-spec-version is about CycloneDX", code: "ERR_PNPM_SBOM_SPEC_VERSION_UNSUPPORTED_FORMAT", next: "leave it out, or add --sbom-format=cyclonedx"}
	}
	if err := c.findLock(); err != nil {
		return err
	}
	if c.lock.Path == "" {
		return &refusedError{what: "there is no lockfile in " + c.workspace.root, code: "ERR_PNPM_SBOM_NO_LOCKFILE", next: "godwit install makes one"}
	}
	if c.ofNpm() {
		if s.Split || s.ExcludePeers {
			return &unsupportedError{"--split and --exclude-peers in npm's projects", "use -w for one project, and --omit=peer"}
		}
		bill, err := c.npmBill()
		if err != nil {
			return err
		}
		return c.deliver([]*sbom.Bill{bill}, false)
	}
	return c.graphBills()
}

// graphBills makes one bill of all that is selected, or one for each project.
func (c *call) graphBills() error {
	b, err := c.newBiller()
	if err != nil {
		return err
	}
	out := c.cfg.Settings.Publish.Out
	if split := c.cfg.Settings.Bill.Split || strings.Contains(out, "%s") && len(b.dirs) > 1; !split {
		bill, err := b.bill(b.dirs)
		if err != nil {
			return err
		}
		return c.deliver([]*sbom.Bill{bill}, false)
	}
	if out != "" && !strings.Contains(out, "%s") {
		return &refusedError{what: "--out=" + out + " has one name for all bills", code: "ERR_PNPM_SBOM_OUT_MISSING_PLACEHOLDER", next: "write %s where the name of the package goes"}
	}
	var bills []*sbom.Bill
	for _, dir := range b.dirs {
		bill, err := b.bill([]string{dir})
		if err != nil {
			return err
		}
		if bill.Root.Name != unnamed {
			bills = append(bills, bill)
		}
	}
	return c.deliver(bills, true)
}

// unnamed is pnpm's name for a project without one.
const unnamed = "unknown"

// deliver writes bills to where --out says, or to stdout; those of several projects
// (split) are a line each there.
func (c *call) deliver(bills []*sbom.Bill, split bool) error {
	out := c.cfg.Settings.Publish.Out
	var files []string
	for _, bill := range bills {
		text, err := c.billText(bill, split && out == "")
		if err != nil {
			return err
		}
		if out == "" {
			if _, err := c.Stdout.Write(text); err != nil {
				return err
			}
			continue
		}
		file := strings.NewReplacer("%s", fileWord(strings.ReplaceAll(strings.TrimPrefix(bill.Root.Name, "@"), "/", "-")), "%v", fileWord(bill.Root.Version)).Replace(out)
		if slices.Contains(files, file) {
			return &refusedError{what: "several projects would write to " + file, code: "ERR_PNPM_SBOM_OUT_PATH_COLLISION", next: "write %v where the version goes"}
		}
		files = append(files, file)
		if err := writeBill(c.fromHere(file), text); err != nil {
			return err
		}
	}
	switch {
	case out == "":
		return nil
	case split:
		_, err := fmt.Fprintf(c.Stdout, "Generated %d SBOMs:\n  %s\n", len(files), strings.Join(files, "\n  "))
		return err
	}
	_, err := fmt.Fprintln(c.Stdout, files[0])
	return err
}

func writeBill(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}

// fileWord is a text with what a file's name may have on every system.
func fileWord(text string) string {
	word := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, text)
	if strings.Trim(word, ". ") == "" {
		return "-"
	}
	return word
}

// billText is a bill in the form that was asked for.
func (c *call) billText(bill *sbom.Bill, line bool) ([]byte, error) {
	s := &c.cfg.Settings.Bill
	bill.Type, bill.Spec, bill.Authors, bill.Supplier = s.Type, s.Spec, s.Authors, s.Supplier
	bill.LockfileOnly = c.cfg.Settings.Lockfile.Only
	bill.Tool, bill.Time, bill.ID = sbom.Tool{Name: "godwit", Version: Version}, c.Now(), newUUID()
	form := map[string]func() any{"cyclonedx": bill.PnpmCycloneDX, "spdx": bill.PnpmSPDX}[s.Format]
	spec := "1.7"
	if c.ofNpm() {
		form = map[string]func() any{"cyclonedx": bill.NpmCycloneDX, "spdx": bill.NpmSPDX}[s.Format]
		spec = "1.5"
	}
	if bill.Spec == "" {
		bill.Spec = spec
	}
	var b bytes.Buffer
	if !line {
		err := writeJSON(&b, form())
		return b.Bytes(), err
	}
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(form())
	return b.Bytes(), err
}

// newUUID is a random one (RFC 9562, version 4).
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
