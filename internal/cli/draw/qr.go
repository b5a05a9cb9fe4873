package draw

import (
	"errors"
	"strings"

	"rsc.io/qr/coding"
)

// qrMargin is how wide the light edge is; half of what the standard has suffices
// to authenticators, and fits a terminal.
const qrMargin = 2

// QR draws text as a code to be photographed, two rows of it in each line.
// What is light is drawn, so that it is right where text is light on dark; the
// other way round it is a negative, which authenticators read as well.
func QR(text string) ([]string, error) {
	enc := coding.String(text)
	v := coding.Version(coding.MinVersion)
	for enc.Bits(v) > v.DataBytes(coding.L)*8 {
		if v++; v > coding.MaxVersion {
			return nil, errors.New("the text is too long for a QR code")
		}
	}
	plan, err := coding.NewPlan(v, coding.L, 0) // any mask can be read
	if err != nil {
		return nil, err
	}
	code, err := plan.Encode(enc)
	if err != nil {
		return nil, err
	}
	var lines []string
	for y := -qrMargin; y < code.Size+qrMargin; y += 2 {
		var b strings.Builder
		for x := -qrMargin; x < code.Size+qrMargin; x++ {
			switch up, low := code.Black(x, y), code.Black(x, y+1); {
			case up && low:
				b.WriteRune(' ')
			case up:
				b.WriteRune('▄')
			case low:
				b.WriteRune('▀')
			default:
				b.WriteRune('█')
			}
		}
		lines = append(lines, b.String())
	}
	return lines, nil
}
