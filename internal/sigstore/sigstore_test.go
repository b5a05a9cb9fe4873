package sigstore

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"godwit/internal/testreg/notary"
)

// bundles of packages in public registries, signed by the public services
// (sigstore-go 1.4.0, examples and pkg/testing/data; Apache-2.0).
var public = []struct{ file, name, sum string }{
	{"sigstore-js-1.3.0.json", "pkg:npm/sigstore@1.3.0", "76176ffa33808b54602c7c35de5c6e9a4deb96066dba6533f50ac234f4f1f4c6b3527515dc17c06fbe2860030f410eee69ea20079bd3a2c6f3dcf3b329b10751"},
	{"sigstore-js-2.0.0.json", "pkg:npm/sigstore@2.0.0", "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"},
}

func TestPublicBundlesVerify(t *testing.T) {
	root, err := PublicRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range public {
		data, err := os.ReadFile("testdata/" + p.file)
		if err != nil {
			t.Fatal(err)
		}
		b := parse(t, data)
		if err := b.Verify(root, nil); err != nil {
			t.Errorf("%s: %v", p.file, err)
		}
		s, err := b.Statement()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.About(p.name, p.sum); err != nil {
			t.Errorf("%s: %v", p.file, err)
		}
		if (&Statement{Subjects: s.Subjects}).About(p.name, "") == nil || bare(p.name).About(p.name, "") == nil {
			t.Errorf("%s is about no bytes", p.file)
		}
		if s.About(p.name, strings.Repeat("0", 128)) == nil || s.About("pkg:npm/other@1.0.0", p.sum) == nil {
			t.Errorf("%s is about anything", p.file)
		}
	}
}

// bare is a statement about a name, and no bytes.
func bare(name string) *Statement {
	s := &Statement{}
	if err := json.Unmarshal([]byte(`{"subject": [{"name": "`+name+`"}]}`), s); err != nil {
		panic(err)
	}
	return s
}

// Whatever byte of a real bundle changes, it is refused, or means the same.
func TestChangedBytesAreNoticed(t *testing.T) {
	root, err := PublicRoot()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/" + public[1].file)
	if err != nil {
		t.Fatal(err)
	}
	whole := parse(t, data)
	tried := 0
	for i := 0; i < len(data); i += 37 { // each part of the document, in a second
		changed := bytes.Clone(data)
		changed[i] ^= 1
		b, err := Parse(changed)
		if err != nil || b.Verify(root, nil) != nil {
			continue
		}
		tried++
		if !bytes.Equal(b.Envelope.encoded(), whole.Envelope.encoded()) {
			t.Errorf("byte %d: another statement is accepted", i)
		}
	}
	if tried > len(data)/37/4 {
		t.Errorf("%d changes are accepted", tried)
	}
}

func TestFaultsAreNamed(t *testing.T) {
	n := notary.New(time.Now)
	root := rootOf(t, n)
	for fault, want := range map[string]string{
		"good": "", "late": "it was not good then", "secret": "no log of certificates knows", "stranger": "not from a trusted authority",
		"unlogged": "the log is not a trusted one", "replaced": "the signature is not that of the statement",
		"forged": "the signature is not that of the statement", "reused": "about another signature",
		"truncated": "the bundle cannot be read", "clock": "",
		"clock-late": "it was not good then", "clock-other": "a timestamp is about another signature",
		"clock-stranger": "a timestamp is not ",
	} {
		b, err := Parse(n.Attest([]byte(`{"predicateType":"https://slsa.dev/provenance/v1"}`), fault))
		if err == nil {
			err = b.Verify(root, nil)
		}
		if got := message(err); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", fault, got, want)
		}
	}
}

func TestBundlesThatSayTooLittle(t *testing.T) {
	n := notary.New(time.Now)
	root := rootOf(t, n)
	for name, test := range map[string]struct {
		change func(b *Bundle)
		want   string
	}{
		"no entry":          {func(b *Bundle) { b.Material.Entries = nil }, "no log has written it down"},
		"neither":           {func(b *Bundle) { b.Material.Entries[0].Promise, b.Material.Entries[0].Proof = nil, nil }, "neither promises nor proves"},
		"no time":           {func(b *Bundle) { b.Material.Entries[0].Promise = nil }, "nobody says when"},
		"another time":      {func(b *Bundle) { b.Material.Entries[0].Time-- }, "the log's promise is not signed by it"},
		"another index":     {func(b *Bundle) { b.Material.Entries[0].Proof.Index = 0 }, "the log's proof "},
		"index beyond":      {func(b *Bundle) { b.Material.Entries[0].Proof.Index = 99 }, "does not know"},
		"index before":      {func(b *Bundle) { b.Material.Entries[0].Proof.Index = -1 }, "does not know"},
		"hash missing":      {func(b *Bundle) { p := b.Material.Entries[0].Proof; p.Hashes = p.Hashes[1:] }, "not as many hashes"},
		"hash changed":      {func(b *Bundle) { b.Material.Entries[0].Proof.Hashes[0][0] ^= 1 }, "not lead to its checkpoint"},
		"checkpoint":        {func(b *Bundle) { replaceNote(b, " - 1\n", " - 2\n") }, "not signed by a trusted one"},
		"another's name":    {func(b *Bundle) { replaceNote(b, "\n\n\u2014 ", "\n\n\u2014 other.example/") }, "not signed by a trusted one"},
		"no signed note":    {func(b *Bundle) { replaceNote(b, "\n\n", "\n") }, "has no signature"},
		"short note":        {func(b *Bundle) { b.Material.Entries[0].Proof.Checkpoint.Envelope = "a\n\nb" }, "cut short"},
		"another kind":      {func(b *Bundle) { b.Material.Entries[0].Kind.Version = "0.0.2" }, "and not dsse 0.0.2"},
		"no certificate":    {func(b *Bundle) { b.Material.Certificate = nil }, "has no certificate"},
		"broken one":        {func(b *Bundle) { b.Material.Certificate.Bytes = []byte("x") }, "cannot be read"},
		"unknown key":       {func(b *Bundle) { b.Material.PublicKey = &PublicKey{"k"} }, "its key is not known"},
		"clock":             {func(b *Bundle) { b.Material.Timestamps.RFC3161 = append(b.Material.Timestamps.RFC3161, timestamp{}) }, "a timestamp cannot be read"},
		"certificate as CA": {func(b *Bundle) { b.Material.Certificate.Bytes = root.authorities[0].chain[0].Raw }, "no log of certificates"},
	} {
		b := parse(t, n.Attest([]byte(`{}`), "good"))
		test.change(b)
		if got := message(b.Verify(root, nil)); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	b := parse(t, n.Attest([]byte(`{}`), "good"))
	if b.Material.Entries[0].Promise = nil; !b.Time().IsZero() {
		t.Error("a time that nobody promises is taken for one")
	}
}

// What was good once does not count for what was signed later.
func TestPeriodsCount(t *testing.T) {
	n := notary.New(time.Now)
	past := time.Now().Add(-24 * time.Hour)
	for name, test := range map[string]struct {
		end         func(r *Root) **time.Time
		fault, want string
	}{
		"log":       {func(r *Root) **time.Time { return &r.logs[0].valid.End }, "good", "the log is not a trusted one"},
		"ct log":    {func(r *Root) **time.Time { return &r.ctLogs[0].valid.End }, "good", "no trusted log of certificates"},
		"authority": {func(r *Root) **time.Time { return &r.authorities[0].valid.End }, "good", "not from a trusted authority"},
		"clock":     {func(r *Root) **time.Time { return &r.clocks[0].valid.End }, "clock", "a timestamp is not from a trusted authority"},
	} {
		root := rootOf(t, n)
		*test.end(root) = &past
		b := parse(t, n.Attest([]byte("{}"), test.fault))
		if got := message(b.Verify(root, nil)); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func replaceNote(b *Bundle, old, new string) {
	c := &b.Material.Entries[0].Proof.Checkpoint
	c.Envelope = strings.Replace(c.Envelope, old, new, 1)
}

func TestFormsOfBundles(t *testing.T) {
	n := notary.New(time.Now)
	good := n.Attest([]byte(`{}`), "good")
	for name, test := range map[string]struct{ old, new, want string }{
		"another type":  {"vnd.dev.sigstore.bundle", "vnd.example", "is not known"},
		"no statement":  {`"dsseEnvelope"`, `"messageSignature"`, "has no statement"},
		"no signature":  {`"signatures":[`, `"signatures":[],"other":[`, "not one signature"},
		"first form":    {`"inclusionPromise":{`, `"other":{`, ""},
		"proof missing": {`"inclusionProof":{`, `"other":{`, "the log's proof is missing"},
		"chain":         {`"certificate":{`, `"x509CertificateChain":{"certificates":[]},"certificate":{`, "does not allow"},
	} {
		_, err := Parse([]byte(strings.Replace(string(good), test.old, test.new, 1)))
		if got := message(err); !strings.Contains(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// services are a notary's own.
func services(n *notary.Notary) Services {
	ask := func(answer func([]byte) (map[string]any, error)) func(context.Context, string, any, any) error {
		return func(_ context.Context, _ string, body, to any) error {
			text, err := json.Marshal(body)
			if err != nil {
				return err
			}
			got, err := answer(text)
			if err != nil {
				return err
			}
			if text, err = json.Marshal(got); err != nil {
				return err
			}
			return json.Unmarshal(text, to)
		}
	}
	return Services{Fulcio: ask(n.GiveCertificate), Rekor: ask(n.WriteEntry)}
}

func TestWhatIsSignedVerifies(t *testing.T) {
	n := notary.New(time.Now)
	statement := []byte(`{"predicateType": "p"}`)
	b, err := Sign(t.Context(), services(n), notary.Token("job", "sigstore", nil), statement)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	again := parse(t, text)
	if err := again.Verify(rootOf(t, n), nil); err != nil {
		t.Error(err)
	}
	if again.Named() != "" || again.Time().IsZero() || !bytes.Equal(again.Envelope.Payload, statement) {
		t.Error("the bundle is another one after it was written and read")
	}
}

// npm's own copy of sigstore-js takes what we sign, and what the notary makes.
func TestNpmVerifiesIt(t *testing.T) {
	out, err := exec.Command("npm", "root", "-g").Output()
	modules := filepath.Join(strings.TrimSpace(string(out)), "npm", "node_modules", "@sigstore")
	if _, err2 := os.Stat(modules); err != nil || err2 != nil {
		t.Skip("no npm with sigstore in it")
	}
	n := notary.New(time.Now)
	b, err := Sign(t.Context(), services(n), notary.Token("job", "sigstore", nil), []byte(`{"predicateType": "p"}`))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, v := range map[string]any{
		"root.json": json.RawMessage(n.Root()), "ours.json": b, "good.json": json.RawMessage(n.Attest([]byte("{}"), "good")),
		"late.json": json.RawMessage(n.Attest([]byte("{}"), "late")), "secret.json": json.RawMessage(n.Attest([]byte("{}"), "secret")),
		"clock.json": json.RawMessage(n.Attest([]byte("{}"), "clock")), "other.json": json.RawMessage(n.Attest([]byte("{}"), "clock-other")),
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const script = `
		const [, modules, dir] = process.argv, from = name => require(modules + '/' + name)
		const read = name => JSON.parse(require('fs').readFileSync(dir + '/' + name + '.json'))
		const root = from('protobuf-specs').TrustedRoot.fromJSON(read('root'))
		const verify = from('verify'), verifier = new verify.Verifier(verify.toTrustMaterial(root))
		for (const name of ['ours', 'good', 'late', 'secret', 'clock', 'other']) {
			try {
				verifier.verify(verify.toSignedEntity(from('bundle').bundleFromJSON(read(name))))
				console.log(name, 'verified')
			} catch (e) { console.log(name, e.message) }
		}`
	got, err := exec.Command("node", "-e", script, modules, dir).CombinedOutput()
	want := "ours verified\ngood verified\nlate Failed to verify certificate chain\nsecret expected 1 SCTs, got 0\n" +
		"clock verified\nother timestamp could not be verified\n"
	if string(got) != want {
		t.Errorf("npm says\n%s%v, want\n%s", got, err, want)
	}
}

func TestTokensAreNotShown(t *testing.T) {
	n := notary.New(time.Now)
	for token, want := range map[string]string{
		"secret-token": "is no JSON web token", "a.!secret.b": "claims cannot be read", "a.e30.secret": "has no subject",
		notary.Token("job", "other", nil):                                    "get a certificate: ",
		notary.Token("", "sigstore", map[string]string{"email": "a@secret"}): "nobody verified",
	} {
		_, err := Sign(t.Context(), services(n), token, []byte("{}"))
		if got := message(err); !strings.Contains(got, want) || strings.Contains(got, "secret") {
			t.Errorf("%s: %q, want %q", token, got, want)
		}
	}
}

func TestAnswersThatAreNotOurs(t *testing.T) {
	n, token := notary.New(time.Now), notary.Token("job", "sigstore", nil)
	for name, test := range map[string]struct {
		change func(s *Services)
		want   string
	}{
		"nothing":     {func(s *Services) { s.Fulcio = silent }, "without a certificate"},
		"another key": {func(s *Services) { s.Fulcio = always(s.Fulcio) }, "is of another key"},
		"no entry":    {func(s *Services) { s.Rekor = silent }, "answered with 0 entries"},
		"another one": {func(s *Services) { s.Rekor = always(s.Rekor) }, "about another signature"},
	} {
		s := services(n)
		test.change(&s)
		_, err := Sign(t.Context(), s, token, []byte("{}"))
		if err == nil { // the first answer was its own
			_, err = Sign(t.Context(), s, token, []byte("{}"))
		}
		if got := message(err); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func silent(context.Context, string, any, any) error { return nil }

// always gives the first answer to everybody.
func always(ask func(context.Context, string, any, any) error) func(context.Context, string, any, any) error {
	var first json.RawMessage
	return func(ctx context.Context, path string, body, to any) error {
		if first == nil {
			if err := ask(ctx, path, body, &first); err != nil {
				return err
			}
		}
		return json.Unmarshal(first, to)
	}
}

func TestRootsThatAreNone(t *testing.T) {
	for _, text := range []string{"", "{}", `{"tlogs":[{"logId":{"keyId":"AA=="}}]}`, `{"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"AA=="}]}}]}`} {
		if _, err := ParseRoot([]byte(text)); err == nil {
			t.Errorf("%s is a trusted root", text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	root, err := PublicRoot()
	if err != nil {
		f.Fatal(err)
	}
	for _, p := range public {
		data, err := os.ReadFile("testdata/" + p.file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(notary.New(time.Now).Attest([]byte("{}"), "good"))
	f.Add(notary.New(time.Now).Attest([]byte("{}"), "clock"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := Parse(data); err == nil {
			b.Verify(root, nil)
			b.Statement()
		}
	})
}

func parse(t *testing.T, data []byte) *Bundle {
	t.Helper()
	b, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func rootOf(t *testing.T, n *notary.Notary) *Root {
	t.Helper()
	root, err := ParseRoot(n.Root())
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
