package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a certificate and its key, read again when their files change:
// whoever renews them (certbot, cert-manager, a mounted secret) writes files, and
// seldom knows a process to send a signal to.
type certificate struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  stamp
	looked time.Time
}

// stamp tells files apart from those that were read. A symbolic link that leads
// to another file, as in mounted secrets, is another file.
type stamp struct{ cert, key fileStamp }

type fileStamp struct {
	changed time.Time
	bytes   int64
}

// lookEvery is how often the files are looked at, when somebody connects: two
// stat calls in a time in which nobody waits for a certificate.
const lookEvery = 10 * time.Second

// newCertificate reads the files; a nil log is for who only wants to know whether
// they are good.
func newCertificate(cert, key string, log *slog.Logger, now func() time.Time) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log, now: now}
	c.looked = now()
	return c, c.read()
}

// read takes the files as they are.
func (c *certificate) read() error {
	is, err := c.stat()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err == nil {
		c.pair, c.stamp = &pair, is
	}
	return err
}

func (c *certificate) stat() (stamp, error) {
	cert, err1 := os.Stat(c.cert)
	key, err2 := os.Stat(c.key)
	if err := errors.Join(err1, err2); err != nil {
		return stamp{}, err
	}
	return stamp{fileStamp{cert.ModTime(), cert.Size()}, fileStamp{key.ModTime(), key.Size()}}, nil
}

// current is what a handshake is told: the pair of the files, or the last good one
// while they are being replaced.
func (c *certificate) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if since := c.now().Sub(c.looked); 0 <= since && since < lookEvery {
		return c.pair, nil
	}
	c.looked = c.now()
	is, err := c.stat()
	if err == nil && is == c.stamp {
		return c.pair, nil
	}
	if err == nil {
		err = c.read()
	}
	if err != nil {
		c.log.Warn("the new certificate is not used", "cert", c.cert, "err", err)
	} else {
		c.log.Info("certificate read again", "cert", c.cert, "until", c.pair.Leaf.NotAfter)
	}
	return c.pair, nil
}

// until is when the certificate ends.
func (c *certificate) until() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pair.Leaf.NotAfter
}

// config is for a server.
func (c *certificate) config() *tls.Config {
	return &tls.Config{GetCertificate: c.current, MinVersion: tls.VersionTLS12}
}
