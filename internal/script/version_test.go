package script

import "testing"

func TestHeaderVersion(t *testing.T) {
	const header = "#ifndef X\n#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION 2\n#define NODE_PATCH_VERSION 13\n#define NODE_TAG \"-x\"\n"
	for text, want := range map[string]string{
		header: "20.2.13", "": "", "#define NODE_MAJOR_VERSION 20": "",
		"#define NODE_MAJOR_VERSION 20\n#define NODE_MINOR_VERSION `x`\n#define NODE_PATCH_VERSION 1": "",
	} {
		if got := headerVersion([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
