// Package project is what the user wrote: package.json and
// pnpm-workspace.yaml, read with places to point at, and edited without
// touching what was not asked for.
//
//	Locate   a directory   → where the project and its workspace begin
//	Read     package.json  → Project{Manifest}
//	ReadWorkspace          → Workspace (pnpm-workspace.yaml)
//	Edit     package.json  → the same bytes with other dependencies
//
// Both formats become the same ordered tree, [Node]. Syntax errors and wrong
// types where an install looks are errors with file, line and column; wrong
// types elsewhere are read past, as npm does.
package project
