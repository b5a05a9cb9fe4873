package config

import "testing"

func TestValidProxy(t *testing.T) {
	for text, want := range map[string]bool{
		"http://proxy.example:3128": true, "https://u:p@proxy.example": true,
		"proxy.example:3128": true, "u:p@192.0.2.1:3128": true,
		"socks5://proxy.example:1080": true, "socks5h://proxy.example:1080": true,
		"socks4://proxy.example:1080": false, "ftp://proxy.example": false,
		"://": false, "http://": false, "": false, "proxy:port": false,
	} {
		if got := validProxy(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
