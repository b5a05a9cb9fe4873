package graph

import (
	"strings"
	"testing"
)

func TestSlotNames(t *testing.T) {
	// Names that pnpm 12.21 gives to these keys: seen in a node_modules/.pnpm, or
	// the vectors of its own tests.
	for key, want := range map[Key]string{
		"@types/json-schema@7.0.15":                     "@types+json-schema@7.0.15",
		"JSONStream@1.3.5":                              "JSONStream@1.3.5_fb8f73c374dcf7070ffed90b688edabd",
		"acorn-jsx@5.3.2(acorn@8.19.0)":                 "acorn-jsx@5.3.2_acorn@8.19.0",
		"dir@file:../file/dir(react@18.2.0)":            "dir@file+..+file+dir_react@18.2.0",
		"tar@file:../file/t/tar.tgz":                    "tar@file+..+file+t+tar.tgz",
		"c@file:packages/c/dist(react@17.0.2)":          "c@file+packages+c+dist_react@17.0.2",
		"eslint@8.57.0(supports-color@7.2.0)":           "eslint@8.57.0_supports-color@7.2.0",
		"@eslint/eslintrc@2.1.4(supports-color@7.2.0)":  "@eslint+eslintrc@2.1.4_supports-color@7.2.0",
		"parent-pkg@file:..":                            "parent-pkg@file+++_3cf6176c884f1541b42906b711973e2d",
		"foo@1.0.0(pkg@file:..)":                        "foo@1.0.0_pkg@file+++_532b5e0801878347427004a15da818ef",
		"parent-pkg@file:++":                            "parent-pkg@file+++_533e2d775a8ebec1166dcc5f3df4de30",
		"foo@git+https://github.com/something/foo":      "foo@git+https+++github.com+something+foo",
		"foo@git+https://github.com/something/foo#1234": "foo@git+https+++github.com+something+foo+1234_b1a78add6ab51a177ff8780d0f64b41d",
		"foo@https://codeload.github.com/something/foo/tar.gz/1234#path:packages/foo": "foo@https+++codeload.github.com+something+foo+tar.gz+1234+path+packages+foo_160b2e15ba002509e0f467796aa2dfd1",
		"foo@1.0.0+build.5":                "foo@1.0.0+build.5",
		"esbuild@0.0.0-dev+abc(foo@1.0.0)": "esbuild@0.0.0-dev+abc_foo@1.0.0",
		"foo@work:1.0.0+build":             "foo@work+1.0.0+build",
		"is-odd@3.0.1(patch_hash=f3267fea8c2bc1507ce298e16bb143b7edb21fa82a3c1fa503e7e5b4cd73b722)": "is-odd@3.0.1_patch_hash=f3267fea8c2bc1507ce298e16bb143b7edb21fa82a3c1fa503e7e5b4cd73b722",

		"@eslint-community/eslint-utils@4.10.1(eslint@8.57.0(supports-color@7.2.0))": "@eslint-community+eslint-utils@4.10.1_eslint@8.57.0_supports-color@7.2.0_",

		"@typescript-eslint/parser@6.21.0(eslint@8.57.0(supports-color@7.2.0))(supports-color@7.2.0)(typescript@5.3.3)":                                                                                                                       "@typescript-eslint+parser@6.21.0_eslint@8.57.0_supports-color@7.2.0__supports-color@7.2.0_typescript@5.3.3",
		"@typescript-eslint/eslint-plugin@6.21.0(@typescript-eslint/parser@6.21.0(eslint@8.57.0(supports-color@7.2.0))(supports-color@7.2.0)(typescript@5.3.3))(eslint@8.57.0(supports-color@7.2.0))(supports-color@7.2.0)(typescript@5.3.3)": "@typescript-eslint+eslint-plugin@6.21.0_@typescript-eslint+parser@6.21.0_eslint@8.57.0__281e640d457f621a8524cb4c6c3e838c",
	} {
		if got := SlotName(key, DefaultSlotNameLen); got != want {
			t.Errorf("%s:\n got %s\nwant %s", key, got, want)
		}
	}
}

func TestSlotNamesAreOneSafeSegment(t *testing.T) {
	for _, key := range []Key{
		`a@file:C:\x\..\y`, "a@https://h.example/a.tgz?x=1#y", `a@1.0.0("<>|*)`, "/a@1.0.0", "a", "", "é@" + Key(strings.Repeat("é", 100)),
		"a@1.0.0" + Key(strings.Repeat("(b@1.0.0", 100)+strings.Repeat(")", 100)),
	} {
		for _, n := range []int{0, WindowsSlotNameLen, DefaultSlotNameLen} {
			s := SlotName(key, n)
			if strings.ContainsAny(s, `\/:*?"<>|#()`) || len(s) > max(n, slotHashLen) || !strings.HasPrefix("é"+s, "é") || strings.ToValidUTF8(s, "") != s {
				t.Errorf("%q at %d: %q", key, n, s)
			}
		}
	}
}
