package cli

import "sync"

// arrived holds tarballs that the resolver had to look into, until the install
// wants them, so that none is fetched twice.
type arrived struct {
	mu    sync.Mutex
	bytes int
	data  map[string][]byte // by URL
}

// maxArrived is how many bytes are held; what is beyond is fetched again. It is
// the share of memory that the install leaves to tarballs on their way.
const maxArrived = 64 << 20

func (a *arrived) put(url string, data []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.data[url]; there || a.bytes+len(data) > maxArrived {
		return
	}
	if a.data == nil {
		a.data = map[string][]byte{}
	}
	a.data[url] = data
	a.bytes += len(data)
}

// take hands a tarball out once.
func (a *arrived) take(url string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	data := a.data[url]
	delete(a.data, url)
	a.bytes -= len(data)
	return data
}
