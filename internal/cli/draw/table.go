// Package draw makes pictures of characters: tables, trees and QR codes.
package draw

import (
	"strings"
	"unicode/utf8"

	"godwit/internal/cli/ui"
)

// Table is rows in boxes, as pnpm draws them. All rows have as many cells as
// the first; a cell with line breaks takes several lines.
func Table(rows [][]string) string {
	lines := make([][][]string, len(rows)) // of each cell
	width := make([]int, len(rows[0]))
	for k, row := range rows {
		lines[k] = make([][]string, len(row))
		for i, cell := range row {
			lines[k][i] = strings.Split(ui.Plain(cell), "\n")
			for _, line := range lines[k][i] {
				width[i] = max(width[i], utf8.RuneCountInString(line))
			}
		}
	}
	rule := func(left, middle, right string) string {
		parts := make([]string, len(width))
		for i, n := range width {
			parts[i] = strings.Repeat("─", n+2)
		}
		return left + strings.Join(parts, middle) + right + "\n"
	}
	var b strings.Builder
	b.WriteString(rule("┌", "┬", "┐"))
	for k, row := range lines {
		if k > 0 {
			b.WriteString(rule("├", "┼", "┤"))
		}
		drawRow(&b, row, width)
	}
	b.WriteString(rule("└", "┴", "┘"))
	return b.String()
}

// drawRow writes the lines of one row's cells.
func drawRow(b *strings.Builder, row [][]string, width []int) {
	height := 0
	for _, cell := range row {
		height = max(height, len(cell))
	}
	for at := range height {
		for i, cell := range row {
			line := ""
			if at < len(cell) {
				line = cell[at]
			}
			b.WriteString("│ " + line + strings.Repeat(" ", width[i]-utf8.RuneCountInString(line)) + " ")
		}
		b.WriteString("│\n")
	}
}
