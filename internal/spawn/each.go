package spawn

import "sync"

// Each calls run for all numbers below n, at most width at a time, the lower
// ones first. It stops to start new ones after an error if bail is set, and
// returns the error of the lowest number that had one.
func Each(n, width int, bail bool, run func(i int) error) error {
	var (
		mu    sync.Mutex // guards what follows
		next  int
		first = n
		fault error
	)
	worker := func() {
		for {
			mu.Lock()
			if next == n || bail && fault != nil {
				mu.Unlock()
				return
			}
			i := next
			next++
			mu.Unlock()
			if err := run(i); err != nil {
				mu.Lock()
				if i < first {
					first, fault = i, err
				}
				mu.Unlock()
			}
		}
	}
	var all sync.WaitGroup
	for range min(n, max(width, 1)) {
		all.Go(worker)
	}
	all.Wait()
	return fault
}
