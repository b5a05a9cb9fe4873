package project

import "testing"

func TestAsNpm(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"sorted", "{\n  \"dependencies\": {\"b\": \"1\", \"A\": \"2\", \"@s/x\": \"3\"}\n}\n", "{\n  \"dependencies\": {\n    \"@s/x\": \"3\",\n    \"A\": \"2\",\n    \"b\": \"1\"\n  }\n}\n"},
		{"one line", `{"name":"a","files":["x"],"e":{}}`, "{\n  \"name\": \"a\",\n  \"files\": [\n    \"x\"\n  ],\n  \"e\": {}\n}\n"},
		{"style", "{\r\n\t\"name\": \"a\", \"v\": \"\\u00e9\"\r\n}", "{\r\n\t\"name\": \"a\",\r\n\t\"v\": \"\\u00e9\"\r\n}\r\n"},
		{"no object", `{"dependencies": []}`, "{\n  \"dependencies\": []\n}\n"},
	} {
		got, err := AsNpm([]byte(test.in))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	if _, err := AsNpm([]byte("[]")); err == nil {
		t.Error("an array is no package.json")
	}
}
