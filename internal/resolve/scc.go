package resolve

import "slices"

// components numbers the strongly connected components of a graph of n
// vertices whose edges next lists. Component 0 stands for every vertex that
// is on no cycle; the others start at 1. Iterative (Tarjan 1972), because
// dependency chains of hostile manifests may be as long as they like.
func components(n int, next func(int) []int) []int {
	const unseen = -1
	index, low := make([]int, n), make([]int, n)
	onStack := make([]bool, n)
	comp := make([]int, n)
	for i := range index {
		index[i] = unseen
	}
	type frame struct {
		v    int
		succ []int
	}
	var stack []int
	var work []frame
	count, cyclic := 0, 0
	open := func(v int) {
		index[v], low[v] = count, count
		count++
		stack, onStack[v] = append(stack, v), true
		work = append(work, frame{v, next(v)})
	}
	for root := range n {
		if index[root] != unseen {
			continue
		}
		open(root)
		for len(work) > 0 {
			f := &work[len(work)-1]
			if len(f.succ) > 0 {
				u := f.succ[0]
				f.succ = f.succ[1:]
				if index[u] == unseen {
					open(u)
				} else if onStack[u] {
					low[f.v] = min(low[f.v], index[u])
				}
				continue
			}
			v := f.v
			work = work[:len(work)-1]
			if len(work) > 0 {
				up := work[len(work)-1].v
				low[up] = min(low[up], low[v])
			}
			if low[v] != index[v] {
				continue
			}
			at := len(stack) - 1
			for stack[at] != v {
				at--
			}
			members := stack[at:]
			stack = stack[:at]
			if len(members) > 1 || slices.Contains(next(v), v) {
				cyclic++
			}
			for _, m := range members {
				onStack[m] = false
				if len(members) > 1 || slices.Contains(next(v), v) {
					comp[m] = cyclic
				}
			}
		}
	}
	return comp
}
