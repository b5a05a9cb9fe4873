package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// advice is the next step where a connection failed for a reason that has one;
// "" otherwise.
func advice(err error) string {
	var proxy *proxyError
	if errors.As(err, &proxy) {
		return proxy.advice()
	}
	if !untrusted(err) {
		return ""
	}
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, new(tls.RecordHeaderError)):
		return "no TLS is spoken there; check whether it is http or https, and the port, of the registry and of the proxy"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has to be renewed, or the clock of this machine is wrong"
	case errors.As(err, new(x509.HostnameError)):
		return "the certificate is another host's; check the registry URL, and who answers in its place"
	}
	return "set cafile, or NODE_EXTRA_CA_CERTS, to a file with the certificate of your authority; strict-ssl=false trusts everybody"
}

// proxyError is a proxy that makes no connection.
type proxyError struct {
	proxy  string // host and port
	to     string // likewise
	named  bool   // a user was sent to it
	status int
}

func (e *proxyError) Error() string {
	return fmt.Sprintf("the proxy %s answers %s", e.proxy, statusLine(e.status))
}

func (e *proxyError) advice() string {
	switch {
	case e.status == http.StatusProxyAuthRequired && e.named:
		return "it does not take the user and the password in its URL; letters like @ and : are written %40 and %3A there"
	case e.status == http.StatusProxyAuthRequired:
		return wantsUser
	case transientStatus(e.status):
		return ""
	}
	return "ask who runs it to let " + e.to + " through, or name that in noproxy if it can be reached directly"
}

const wantsUser = "give it a user and a password: https-proxy=http://USER:PASSWORD@HOST:PORT"

// connected is told what a proxy answers to CONNECT.
func connected(_ context.Context, proxy *url.URL, req *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{proxy: printable(proxy.Host), to: printable(req.Host), named: proxy.User != nil, status: resp.StatusCode}
}
