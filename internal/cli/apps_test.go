package cli_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"godwit/internal/cli"
)

// TestApps installs a small application from a real registry, in each layout, and
// builds, checks and tests it with the tools that it depends on:
//
//	GODWIT_APPS=$(npm config get registry) go test ./internal/cli -run Apps -v -timeout 30m
func TestApps(t *testing.T) {
	registry := os.Getenv("GODWIT_APPS")
	if registry == "" {
		t.Skip("GODWIT_APPS names no registry")
	}
	home := t.TempDir()
	for _, tt := range []struct {
		name  string
		files map[string]string // beside those of the application
		flags string
		npm   bool // npm looks at the tree, too
	}{
		{"isolated", nil, "", false},
		{"hoisted", nil, "--node-linker=hoisted", false},
		{"shared slots", nil, "--virtual-store=global", false},
		{"npm", map[string]string{"package.json": strings.Replace(app["package.json"], "{", `{"packageManager": "npm@11.0.0",`, 1)}, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, files := range []map[string]string{app, tt.files} {
				for name, text := range files {
					path := filepath.Join(dir, filepath.FromSlash(name))
					if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			call := func(args ...string) string {
				t.Helper()
				var out bytes.Buffer
				p := process()
				p.Dir, p.Stdout, p.Stderr = dir, &out, &out
				p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
				p.Args = append(strings.Fields("--registry "+registry+" --store-dir "+home+"/store --cache-dir "+home+"/cache"), args...)
				if code := cli.Run(context.Background(), p); code != 0 {
					t.Fatalf("%v: exit status %d\n%s", args, code, &out)
				}
				return out.String()
			}
			t.Log(call(append([]string{"install", "--ignore-scripts"}, strings.Fields(tt.flags)...)...))
			for _, tool := range []string{"vite build", "tsc --noEmit", "jest"} {
				t.Log(call(append([]string{"exec", "--"}, strings.Fields(tool)...)...))
			}
			if tt.npm {
				cmd := exec.Command("npm", "ls", "--all")
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("npm ls --all: %v\n%s", err, out)
				}
			}
		})
	}
}

// TestTemplates begins projects as newcomers do, installs them without a lockfile
// in the layout of each tool, from that lockfile again, and runs their own scripts.
func TestTemplates(t *testing.T) {
	registry := os.Getenv("GODWIT_APPS")
	if registry == "" {
		t.Skip("GODWIT_APPS names no registry")
	}
	home := t.TempDir()
	for _, tt := range []struct {
		create  string
		manager string // packageManager of the project; "" is pnpm's layout
		scripts []string
	}{
		{"vite app --template react-ts --no-interactive", "", []string{"build", "lint"}},
		{"vite app --template vue-ts --no-interactive", "npm@11.0.0", []string{"build"}},
		{"vite app --template svelte-ts --no-interactive", "bun@1.4.5", []string{"build", "check"}},
		{"vite app --template lit-ts --no-interactive", "yarn@1.22.22", []string{"build"}},
		{"vite app --template solid-ts --no-interactive", "yarn@4.18.1", []string{"build"}},
		{"vue app --ts --router --pinia --vitest --eslint --prettier", "", []string{"type-check", "build-only"}}, // its build calls npm_execpath, here the test; its tests take jsdom, which wants the newest Node
	} {
		t.Run(tt.create+" "+tt.manager, func(t *testing.T) {
			dir := t.TempDir()
			call := func(args ...string) {
				t.Helper()
				var out bytes.Buffer
				p := process()
				p.Dir, p.Stdout, p.Stderr = dir, &out, &out
				p.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "npm_config_registry=" + registry, "npm_config_store_dir=" + home + "/store", "npm_config_cache_dir=" + home + "/cache"}
				p.Args = args
				if code := cli.Run(context.Background(), p); code != 0 {
					t.Fatalf("%v: exit status %d\n%s", args, code, &out)
				}
				t.Log(args, "\n", out.String())
			}
			call(append([]string{"create"}, strings.Fields(tt.create)...)...)
			dir = filepath.Join(dir, "app")
			if tt.manager != "" {
				call("pkg", "set", "packageManager="+tt.manager)
			}
			call("install")
			call("ci")
			for _, script := range tt.scripts {
				call(append([]string{"run"}, strings.Fields(script)...)...)
			}
		})
	}
}

var app = map[string]string{
	"package.json": `{
  "name": "app", "version": "1.0.0", "private": true, "type": "module",
  "dependencies": {"react": "^19.0.0", "react-dom": "^19.0.0"},
  "devDependencies": {
    "@babel/preset-env": "^7.20.0", "@babel/preset-react": "^7.20.0", "@babel/preset-typescript": "^7.20.0",
    "@types/jest": "^29.0.0", "@types/react": "^19.0.0", "@types/react-dom": "^19.0.0",
    "@vitejs/plugin-react": "^4.0.0", "babel-jest": "^29.0.0", "jest": "^29.0.0", "typescript": "^5.0.0", "vite": "^6.0.0"
  }
}
`,
	"vite.config.js":     "import react from '@vitejs/plugin-react'\nexport default { plugins: [react()] }\n",
	"babel.config.cjs":   "module.exports = { presets: ['@babel/preset-env', ['@babel/preset-react', { runtime: 'automatic' }], '@babel/preset-typescript'] }\n",
	"jest.config.cjs":    "module.exports = { testEnvironment: 'node' }\n",
	"tsconfig.json":      `{"compilerOptions": {"strict": true, "jsx": "react-jsx", "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "types": ["jest"], "skipLibCheck": false, "noEmit": true}, "include": ["src"]}`,
	"index.html":         `<div id="root"></div><script type="module" src="/src/main.tsx"></script>`,
	"src/main.tsx":       "import { createRoot } from 'react-dom/client'\nimport { Hello } from './hello'\n\ncreateRoot(document.getElementById('root')!).render(<Hello name=\"bird\" />)\n",
	"src/hello.tsx":      "export function Hello({ name }: { name: string }) {\n  return <p>hello {name}</p>\n}\n",
	"src/hello.test.tsx": "import { renderToString } from 'react-dom/server'\nimport { Hello } from './hello'\n\ntest('hello', () => {\n  expect(renderToString(<Hello name=\"bird\" />)).toContain('bird')\n})\n",
}
