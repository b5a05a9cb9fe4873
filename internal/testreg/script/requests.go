package script

import (
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"godwit/internal/testreg"
)

func requests(ts *testscript.TestScript, neg bool, args []string) {
	r := stateOf(ts).main(ts)
	set := flag.NewFlagSet("requests", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	count := set.Int("count", -1, "")
	peak := set.Int("peak", 0, "")
	auth := set.Bool("auth", false, "")
	leak := set.Bool("leak", false, "")
	clear := set.Bool("clear", false, "")
	header := set.String("header", "", "")
	if set.Parse(args) != nil {
		ts.Check(usage("requests [-count N] [-peak N] [-auth] [-leak] [-clear] [-header KEY] [PATTERN…]"))
	}
	patterns := set.Args()
	found := r.Requests(patterns...)
	if *auth || *leak {
		found = slices.DeleteFunc(found, func(req testreg.Request) bool { return !req.SentCredentials() })
	}
	if *leak {
		found = slices.DeleteFunc(found, func(req testreg.Request) bool { return "http://"+req.Host == r.URL })
	}
	for _, req := range found {
		fmt.Fprintf(ts.Stdout(), "%s %d %s %s", req.Method, req.Status, req.Kind, req.Subject)
		if *header != "" {
			fmt.Fprintf(ts.Stdout(), " %q", req.Header.Get(*header))
		}
		fmt.Fprintln(ts.Stdout())
	}
	if *clear {
		r.ClearRequests()
	}
	bounded := *count >= 0 || *peak > 0
	switch {
	case neg && bounded:
		ts.Fatalf("requests takes ! or a number, not both")
	case neg && len(found) > 0:
		ts.Fatalf("%d requests matched", len(found))
	case *count >= 0 && len(found) != *count:
		ts.Fatalf("%d requests matched, not %d", len(found), *count)
	case *peak > 0 && r.Peak(patterns...) < *peak:
		ts.Fatalf("%d requests were under way at once, not %d", r.Peak(patterns...), *peak)
	case !neg && !bounded && !*clear && len(found) == 0:
		ts.Fatalf("no request matched; there were %d in all", len(r.Requests()))
	}
}
