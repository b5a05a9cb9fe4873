package testreg_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"godwit/internal/testreg"
)

const oneLib = "-- packages --\nlib@1.0.0\nother@1.0.0\n"

// whole is what the registry answers without faults.
func whole(t *testing.T, path string) []byte {
	_, body := get(t, testreg.New(t, []byte(oneLib)), path)
	return body
}

func TestFaultsSpoilTheAnswer(t *testing.T) {
	tgz := "/lib/-/lib-1.0.0.tgz"
	size := len(whole(t, tgz))
	for _, test := range []struct {
		fault, path string
		status      int
		cut         bool // the body ends before it should
		body        string
	}{
		{"lib 500", "/lib", 500, false, `{"error":"Internal Server Error"}`},
		{"lib status=429 retry-after=7", "/lib", 429, false, `{"error":"Too Many Requests"}`},
		{"lib latency=1ms 503", "/lib", 503, false, `{"error":"Service Unavailable"}`},
		{"lib malformed=text", "/lib", 200, false, "upstream connect error\n"},
		{"lib malformed=empty", "/lib", 200, false, ""},
		{"lib malformed=array", "/lib", 200, false, "[]"},
		{"lib malformed=null", "/lib", 200, false, "null"},
		{`lib body="{\"a\": 1}"`, "/lib", 200, false, `{"a": 1}`},
		{"lib truncate=2", "/lib", 200, true, `{"`},
		{"lib truncate=2 chunked", "/lib", 200, true, `{"`},
		{"lib truncate", "/lib", 200, true, ""},
		{"lib length=+10 body=abc", "/lib", 200, true, "abc"},
		{"lib length=-1 body=abc", "/lib", 200, false, "ab"},
		{"lib length=2 body=abc", "/lib", 200, false, "ab"},
		{"lib chunked body=abc", "/lib", 200, false, "abc"},
		{"lib redirect", "/lib", 302, false, `{"error":"moved"}`},
	} {
		t.Run(test.fault, func(t *testing.T) {
			reg := testreg.New(t, []byte(oneLib+"-- faults --\n"+test.fault+"\n"))
			res, body, err := try(reg, "GET", test.path, "")
			if res == nil {
				t.Fatal(err)
			}
			check(t, "status", res.StatusCode, test.status)
			check(t, "cut", errors.Is(err, io.ErrUnexpectedEOF), test.cut)
			check(t, "body", string(body), test.body)
			res, _ = get(t, reg, "/other")
			check(t, "another package", res.StatusCode, 200)
		})
	}
	_, body, err := try(testreg.New(t, []byte(oneLib+"-- faults --\ntarball:* truncate=100\n")), "GET", tgz, "")
	check(t, "truncated tarball", len(body), 100)
	check(t, "ends early", errors.Is(err, io.ErrUnexpectedEOF), true)
	_, body = get(t, testreg.New(t, []byte(oneLib+"-- faults --\nlib@1.0.0 corrupt\n")), tgz)
	check(t, "a corrupt tarball's size", len(body), size)
	check(t, "same bytes", bytes.Equal(body, whole(t, tgz)), false)
	_, body = get(t, testreg.New(t, []byte(oneLib+"-- faults --\nlib@1.0.0 corrupt=0\n")), tgz)
	check(t, "its first byte", body[0], 0x1f^byte(0xff))
}

func TestFaultHeaders(t *testing.T) {
	reg := testreg.New(t, []byte(oneLib+`-- faults --
lib 429 retry-after=7 header="npm-notice: be patient"
other redirect={registry}/lib
/other/-/* redirect
`))
	res, _ := get(t, reg, "/lib")
	check(t, "Retry-After", res.Header.Get("Retry-After"), "7")
	check(t, "npm-notice", res.Header.Get("npm-notice"), "be patient")
	res, _ = get(t, reg, "/other")
	check(t, "Location", res.Header.Get("Location"), reg.URL+"/lib")
	res, _ = get(t, reg, "/other/-/other-1.0.0.tgz")
	check(t, "Location", res.Header.Get("Location"), reg.Other+"/other/-/other-1.0.0.tgz")
	res, _ = get(t, reg, res.Header.Get("Location"))
	check(t, "there", res.StatusCode, 200)
}

func TestMalformedPackuments(t *testing.T) {
	reg := testreg.New(t, []byte(oneLib+"-- faults --\nlib malformed=html\nother malformed=truncated\n"))
	res, body := get(t, reg, "/lib")
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || !bytes.HasPrefix(body, []byte("<!DOCTYPE")) {
		t.Errorf("%v %s", res.Header, body)
	}
	_, body = get(t, reg, "/other")
	if len(body) == 0 || bytes.HasSuffix(body, []byte("}")) {
		t.Errorf("not half a document: %s", body)
	}
}

func TestWrongIntegrity(t *testing.T) {
	reg := testreg.New(t, []byte(oneLib+"-- faults --\nlib x1 wrong-integrity\n"))
	_, spoiled := get(t, reg, "/lib")
	_, right := get(t, reg, "/lib")
	for _, field := range []string{"integrity", "shasum"} {
		a, b := at(t, spoiled, "versions", "1.0.0", "dist", field), at(t, right, "versions", "1.0.0", "dist", field)
		check(t, field+" equal", a == b, false)
		check(t, field+" length", len(a.(string)), len(b.(string)))
	}
	check(t, "tarball", at(t, spoiled, "versions", "1.0.0", "dist", "tarball"), at(t, right, "versions", "1.0.0", "dist", "tarball"))
}

func TestFaultsAreCounted(t *testing.T) {
	reg := testreg.New(t, []byte(oneLib+"-- faults --\nlib skip1 x2 503\n"))
	var got []int
	for range 5 {
		res, _ := get(t, reg, "/lib")
		got = append(got, res.StatusCode)
	}
	check(t, "statuses", got, []int{200, 503, 503, 200, 200})

	if err := reg.Fault("lib x1 500", "other 403"); err != nil {
		t.Fatal(err)
	}
	res, _ := get(t, reg, "/lib")
	check(t, "ordered later", res.StatusCode, 500)
	if err := reg.Fault("other x1 404"); err != nil {
		t.Fatal(err)
	}
	res, _ = get(t, reg, "/other")
	check(t, "the last word", res.StatusCode, 404)
	reg.ClearFaults()
	res, _ = get(t, reg, "/other")
	check(t, "cleared", res.StatusCode, 200)
	if err := reg.Fault("lib explode"); err == nil || !strings.Contains(err.Error(), "explode") {
		t.Errorf("error %v", err)
	}
}

func TestConnectionReset(t *testing.T) {
	reg := testreg.New(t, []byte(oneLib+"-- faults --\nlib reset\nother reset=3\n"))
	if res, _, err := try(reg, "GET", "/lib", ""); res != nil || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("response %v, error %v", res, err)
	}
	res, _, err := try(reg, "GET", "/other", "")
	if res == nil && errors.Is(err, syscall.ECONNRESET) {
		return // the reset overtook the headers
	}
	if res == nil || err == nil {
		t.Errorf("response %v, error %v", res, err)
	}
}

func TestHoldEndsWithTheFaults(t *testing.T) {
	reg := testreg.New(t, []byte(oneLib+"-- faults --\nlib hold\n"))
	status := make(chan int, 1)
	go func() {
		res, _ := get(t, reg, "/lib")
		status <- res.StatusCode
	}()
	for reg.Count() == 0 {
		time.Sleep(time.Millisecond)
	}
	get(t, reg, "/other") // passes it
	if reg.Requests("lib")[0].Done {
		t.Error("it was not held")
	}
	reg.ClearFaults()
	check(t, "held", <-status, 200)
	reg.ClearFaults()
}

func TestHangEndsWhenTheClientGivesUp(t *testing.T) {
	reg := testreg.New(t, []byte(oneLib+"-- faults --\nlib hang=3\n"))
	ctx, giveUp := context.WithCancel(context.Background())
	req, _ := http.NewRequestWithContext(ctx, "GET", reg.URL+"/lib", nil)
	req.Header.Set("Accept-Encoding", "identity") // or three bytes decode to nothing
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 3)
	if _, err := io.ReadFull(res.Body, first); err != nil {
		t.Fatal(err)
	}
	giveUp()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the rest came")
	}
	for !reg.Requests()[0].Done { // the server notices by itself
		time.Sleep(time.Millisecond)
	}
}
