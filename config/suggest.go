package config

import "strings"

// nearest returns the candidate that word was probably meant to be, "" when none is near: at most a third of its
// letters may differ.
func nearest(word string, candidates []string) string {
	best, found := len(word)/3+1, ""
	if len(word) > 60 {
		return ""
	}
	folded := strings.ReplaceAll(strings.ToLower(word), "-", "_")
	for _, c := range candidates {
		if d := distance(folded, c); d < best || (d == best && found == "") {
			best, found = d, c
		}
	}
	return found
}

// distance is how many insertions, deletions, replacements and swaps of neighbours lead from a to b.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
