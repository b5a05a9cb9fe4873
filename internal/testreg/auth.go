package testreg

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// An authRule says which credential opens which packages.
type authRule struct {
	pattern string // "*", "@scope" or a name
	want    string // the Authorization header
	missing int    // status when no credential was sent
	wrong   int    // status when another one was sent
	otp     string // one-time password that whoever writes has to send, too; "" is none
}

// parseAuth reads lines "PATTERN bearer TOKEN" or "PATTERN basic USER:PASSWORD",
// with "missing=STATUS" and "wrong=STATUS" behind them if 401 will not do.
func parseAuth(file, text string) ([]authRule, error) {
	var rules []authRule
	err := eachLine(file, text, func(words []string) error {
		if len(words) < 3 {
			return fmt.Errorf("write PATTERN bearer TOKEN, or PATTERN basic USER:PASSWORD")
		}
		rule := authRule{pattern: words[0], missing: http.StatusUnauthorized, wrong: http.StatusUnauthorized}
		switch words[1] {
		case "bearer":
			rule.want = "Bearer " + words[2]
		case "basic":
			rule.want = "Basic " + base64.StdEncoding.EncodeToString([]byte(words[2]))
		default:
			return fmt.Errorf("%q: there are bearer and basic", words[1])
		}
		for _, w := range words[3:] {
			key, value, _ := strings.Cut(w, "=")
			status, err := strconv.Atoi(value)
			switch {
			case key == "otp":
				rule.otp = value
			case err == nil && key == "missing":
				rule.missing = status
			case err == nil && key == "wrong":
				rule.wrong = status
			default:
				return fmt.Errorf("%q: write missing=STATUS, wrong=STATUS or otp=CODE", w)
			}
		}
		rules = append(rules, rule)
		return nil
	})
	return rules, err
}

// covers reports whether the rule speaks of the package name; "" is whatever
// belongs to no package.
func (a authRule) covers(name string) bool {
	return a.pattern == "*" || a.pattern == name || name != "" && strings.HasPrefix(name, a.pattern+"/")
}

// authorize returns 0, or the status that refuses a request about name. The
// credential of another rule is known but not allowed here: 403.
func authorize(rules []authRule, name, sent string) int {
	refusal, known := 0, false
	for _, rule := range rules {
		matches := sent == rule.want
		known = known || matches
		switch {
		case !rule.covers(name):
		case matches:
			return 0
		case refusal != 0: // the first rule decides how to refuse
		case sent == "":
			refusal = rule.missing
		default:
			refusal = rule.wrong
		}
	}
	if refusal != 0 && known {
		return http.StatusForbidden
	}
	return refusal
}

// wantsOTP reports whether a request that changes something lacks the one-time
// password of the first rule about name.
func wantsOTP(rules []authRule, name string, req *http.Request) bool {
	if req.Method == http.MethodGet || req.Method == http.MethodHead || strings.HasPrefix(req.URL.Path, "/-/stage/package/") {
		return false // what is staged waits for somebody with a password
	}
	for _, rule := range rules {
		if rule.covers(name) {
			return rule.otp != "" && req.Header.Get("Npm-Otp") != rule.otp
		}
	}
	return false
}
