package spdx

import "testing"

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Expression
	}{
		{"MIT", Expression{"MIT", true, true, true}},
		{" mit ", Expression{"MIT", true, false, true}},
		{"(MIT)", Expression{"MIT", false, true, true}},
		{"GPL-2.0+", Expression{"GPL-2.0", false, true, true}},
		{"MIT or ISC", Expression{"", false, true, false}},
		{"mit OR (ISC AND 0BSD)", Expression{"", false, false, true}},
		{"GPL-2.0-only WITH Classpath-exception-2.0", Expression{"GPL-2.0-only", false, true, true}},
		{"LicenseRef-x", Expression{"LicenseRef-x", false, true, true}},
		{"DocumentRef-a:LicenseRef-b", Expression{"DocumentRef-a:LicenseRef-b", false, true, true}},
	} {
		if got, ok := Parse(tt.text); !ok || got != tt.want {
			t.Errorf("Parse(%q) = %+v, %t; want %+v", tt.text, got, ok, tt.want)
		}
	}
	for _, text := range []string{"", "BDS-3-Clause", "UNLICENSED", "MIT AND", "MIT ISC", "(MIT", "MIT)", "Apache 2.0", "MIT OR UNLICENSED", "GPL-2.0-only WITH nope", "MIT WITH", "DocumentRef-a", "LicenseRef-", "LicenseRef-a_b", "+", "MIT/ISC"} {
		if got, ok := Parse(text); ok {
			t.Errorf("Parse(%q) = %+v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("(MIT OR GPL-2.0+ WITH Classpath-exception-2.0) AND LicenseRef-x")
	f.Fuzz(func(t *testing.T, text string) {
		if e, ok := Parse(text); ok && e.Plain && e.License == "" {
			t.Errorf("%q: %+v", text, e)
		}
	})
}
