package specifier

import (
	"strings"
	"testing"
)

func TestByBun(t *testing.T) {
	tests := []struct{ raw, kept, latest string }{
		{"^2.0.0", "^2.1.3", "^2.1.3"},
		{"~2.0.0", "~2.1.3", "~2.1.3"},
		{"2.0.0", "2.0.0", "2.1.3"},
		{"4", "4", "^2.1.3"},
		{"6.x", "6.x", "^2.1.3"},
		{">=7.0.0", ">=7.0.0", "^2.1.3"},
		{"*", "*", "^2.1.3"},
		{"latest", "latest", "^2.1.3"},
		{"^18.0.0 || ^19.0.0", "^18.0.0 || ^19.0.0", "^2.1.3"},
		{"npm:ms@^2.0.0", "npm:ms@^2.1.3", "npm:ms@^2.1.3"},
		{"npm:ms@2.0.0", "npm:ms@2.0.0", "npm:ms@2.1.3"},
		{"workspace:*", "workspace:*", "workspace:*"},
	}
	for _, tt := range tests {
		alias := "ms"
		if strings.HasPrefix(tt.raw, "npm:") {
			alias = "the-ms"
		}
		s, err := Parse(alias, tt.raw)
		if err != nil {
			t.Fatal(err)
		}
		as := Save{Prefix: "^"}
		if got := as.ByBun(s, "ms", "2.1.3", false); got != tt.kept {
			t.Errorf("%s becomes %s, want %s", tt.raw, got, tt.kept)
		}
		if got := as.ByBun(s, "ms", "2.1.3", true); got != tt.latest {
			t.Errorf("%s becomes %s with --latest, want %s", tt.raw, got, tt.latest)
		}
	}
}
