package script

import (
	"io"
	"net/http"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// fetch writes to a file what the registry answers to a GET.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	token := ""
	if len(args) > 1 && args[0] == "-bearer" {
		token, args = args[1], args[2:]
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: fetch [-bearer TOKEN] PATH FILE")
	}
	req, err := http.NewRequest(http.MethodGet, stateOf(ts).main(ts).URL+args[0], nil)
	ts.Check(err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s", args[0], resp.Status)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), body, 0o644))
}
