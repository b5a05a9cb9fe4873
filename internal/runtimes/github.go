package runtimes

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"godwit/internal/graph"
)

// Where the releases of Bun and Deno are.
const (
	bunReleases = "https://github.com/oven-sh/bun/releases/download/bun-v"
	denoRelease = "https://api.github.com/repos/denoland/deno/releases/tags/v"
)

// bun lists the archives of a version of Bun.
func (f *Finder) bun(ctx context.Context, version string) ([]graph.Variant, error) {
	at := bunReleases + version + "/"
	text, err := f.Client.Document(ctx, at+"SHASUMS256.txt")
	if err != nil {
		return nil, fmt.Errorf("list the archives of bun %s: %w", version, err)
	}
	var out []graph.Variant
	for _, e := range entries(text) {
		base, isZip := strings.CutSuffix(e.file, ".zip")
		name, isBun := strings.CutPrefix(base, "bun-")
		platform, arch, musl, ok := parts(name)
		if !isZip || !isBun || !ok {
			continue // other builds of the same: "-baseline", "-profile"
		}
		a := archive{url: at + e.file, sha256: e.sha256, kind: "zip", prefix: base, bin: map[string]string{"": "bun"}}
		if platform == "windows" {
			platform, a.bin = "win32", map[string]string{"": "bun.exe"}
		}
		if arch == "aarch64" {
			arch = "arm64"
		}
		a.platforms = []graph.Platform{{OS: platform, CPU: arch, Libc: libc(musl)}}
		v, err := a.variant()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// denoTargets are the platforms of Deno's archives, by their names. Windows runs what
// is for x64 on ARM as well.
var denoTargets = map[string][]graph.Platform{
	"aarch64-apple-darwin":      {{OS: "darwin", CPU: "arm64"}},
	"x86_64-apple-darwin":       {{OS: "darwin", CPU: "x64"}},
	"aarch64-unknown-linux-gnu": {{OS: "linux", CPU: "arm64"}},
	"x86_64-unknown-linux-gnu":  {{OS: "linux", CPU: "x64"}},
	"aarch64-pc-windows-msvc":   {{OS: "win32", CPU: "arm64"}},
	"x86_64-pc-windows-msvc":    {{OS: "win32", CPU: "x64"}, {OS: "win32", CPU: "arm64"}},
}

// hashIn is the first SHA-256 in a text, as hexadecimal; "" if there is none.
func hashIn(text string) string {
	digits := 0
	for i := range len(text) {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(text[i])) {
			digits = 0
		} else if digits++; digits == 64 {
			return text[i-63 : i+1]
		}
	}
	return ""
}

// deno lists the archives of a version of Deno: each has a file with its hash beside it.
func (f *Finder) deno(ctx context.Context, version string) ([]graph.Variant, error) {
	text, err := f.Client.Document(ctx, denoRelease+version)
	if err != nil {
		return nil, fmt.Errorf("list the archives of deno %s: %w", version, err)
	}
	var release struct {
		Assets []struct {
			Name string
			URL  string `json:"browser_download_url"`
		}
	}
	if err := json.Unmarshal(text, &release); err != nil {
		return nil, &ListError{denoRelease + version, "it is no release: " + err.Error()}
	}
	var out []graph.Variant
	for _, asset := range release.Assets {
		base, isHash := strings.CutSuffix(asset.Name, ".zip.sha256sum")
		targets := denoTargets[strings.TrimPrefix(base, "deno-")]
		if !isHash || !strings.HasPrefix(base, "deno-") || targets == nil {
			continue
		}
		text, err := f.Client.Document(ctx, asset.URL)
		if err != nil {
			return nil, fmt.Errorf("read the hash of deno %s: %w", version, err)
		}
		bin := "deno"
		if targets[0].OS == "win32" {
			bin = "deno.exe"
		}
		v, err := archive{
			url: strings.TrimSuffix(asset.URL, ".sha256sum"), sha256: hashIn(string(text)), kind: "zip",
			bin: map[string]string{"": bin}, platforms: targets,
		}.variant()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
