package project

import "testing"

func TestSetText(t *testing.T) {
	for _, test := range []struct {
		raw, want string
		path      []string
	}{
		{`{"name": "x"}`, `{"name": "x", "version": "2"}`, []string{"version"}},
		{"{\r\n\t\"name\": \"x\",\r\n\t\"a\": 1\r\n}\r\n", "{\r\n\t\"name\": \"x\",\r\n\t\"version\": \"2\",\r\n\t\"a\": 1\r\n}\r\n", []string{"version"}},
		{`{"version" : "1" ,"a":[ ]}`, `{"version" : "2" ,"a":[ ]}`, []string{"version"}},
		{`{"version": "0", "version": {}}`, `{"version": "0", "version": "2"}`, []string{"version"}},
		{`{"p": { "": {"version": 1}, "q": {"version": 1}}}`, `{"p": { "": {"version": "2"}, "q": {"version": 1}}}`, []string{"p", "", "version"}},
		{`{"p": {"q": {}}}`, `{"p": {"q": {}}}`, []string{"p", "", "version"}},
		{"\ufeff{\"version\": \"1\"}", "\ufeff{\"version\": \"2\"}", []string{"version"}},
		{`{}`, `{}`, []string{"version"}},
	} {
		got, err := SetText([]byte(test.raw), "2", test.path...)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %s, %v; want %s", test.raw, got, err, test.want)
		}
	}
	for _, raw := range []string{"", "[]", `{"version": `, `{"p": 1}`} {
		if got, err := SetText([]byte(raw), "2", "p", "q"); err == nil {
			t.Errorf("%s: %s", raw, got)
		}
	}
}
